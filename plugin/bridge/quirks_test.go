package main

import (
	"fmt"
	"testing"
	"time"
)

// A happening is a call that ended, seconds after the start, and what SetWeight then returns.
type happening struct {
	at      float64
	call    string // route, removal, verify, set; verify and set at a weight, or at another as verify<, set<
	failure string
	returns string
}

func TestWhatSetWeightReturns(t *testing.T) {
	weights := map[string]int32{"verify": 50, "set": 50, "verify<": 25, "set<": 25}
	for _, test := range []struct {
		name       string
		happenings []happening
	}{
		{"its own failure", []happening{
			{0, "set", "UNAVAILABLE: a", "UNAVAILABLE: a"},
		}},
		{"a route's failure each time, once the weight is set", []happening{
			{0, "route", "UNIMPLEMENTED: r", ""},
			{0, "set<", "UNAVAILABLE: a", "UNAVAILABLE: a"},
			{1, "set<", "", "UNIMPLEMENTED: r"},
			{2, "route", "UNIMPLEMENTED: r", ""},
			{2, "set<", "", "UNIMPLEMENTED: r"},
			{3, "set<", "", ""},
		}},
		{"nothing of a route that came about after all", []happening{
			{0, "route", "UNAVAILABLE: r", ""},
			{1, "route", "", ""},
			{1, "set<", "", ""},
		}},
		{"a removal's failure once a minute", []happening{
			{0, "removal", "UNAVAILABLE: r", ""},
			{0, "set<", "", "UNAVAILABLE: r"},
			{1, "set<", "", ""},
			{59, "removal", "UNAVAILABLE: r", ""},
			{59, "set<", "", ""},
			{60, "set<", "", ""},
			{60, "removal", "UNAVAILABLE: r", ""},
			{60, "set<", "", "UNAVAILABLE: r"},
		}},
		{"nothing of a removal that came about after all", []happening{
			{0, "removal", "UNAVAILABLE: r", ""},
			{1, "removal", "", ""},
			{1, "set<", "", ""},
		}},
		{"the reason after 30 s, then each minute", []happening{
			{0, "verify", "NOT_VERIFIED: v", ""},
			{29.9, "set", "", ""},
			{29.9, "verify", "NOT_VERIFIED: w", ""},
			{30, "set", "", "NOT_VERIFIED: w"},
			{31, "set", "", ""},
			{31, "verify", "NOT_VERIFIED: w", ""},
			{89.9, "set", "", ""},
			{90, "set", "", "NOT_VERIFIED: w"},
		}},
		{"no reason once it was verified", []happening{
			{0, "verify", "NOT_VERIFIED: v", ""},
			{20, "verify", "", ""},
			{40, "set", "", ""},
			{41, "verify", "NOT_VERIFIED: v", ""},
			{70, "set", "", ""},
			{71, "set", "", "NOT_VERIFIED: v"},
		}},
		{"no reason of another weight", []happening{
			{0, "verify<", "NOT_VERIFIED: v", ""},
			{40, "set", "", ""},
			{40, "verify", "NOT_VERIFIED: w", ""},
			{60, "verify<", "NOT_VERIFIED: v", ""},
			{80, "set<", "", ""},
			{90, "set<", "", "NOT_VERIFIED: v"},
		}},
		{"no reason that was not asked for since a failure", []happening{
			{0, "verify", "NOT_VERIFIED: v", ""},
			{10, "set", "UNAVAILABLE: a", "UNAVAILABLE: a"},
			{40, "set", "", ""},
		}},
		{"one after the other", []happening{
			{0, "removal", "UNAVAILABLE: r", ""},
			{0, "verify", "NOT_VERIFIED: v", ""},
			{0, "route", "UNIMPLEMENTED: r", ""},
			{30, "set", "", "UNIMPLEMENTED: r"},
			{30, "set", "", "UNAVAILABLE: r"},
			{30, "set", "", "NOT_VERIFIED: v"},
			{30, "set", "", ""},
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			time := newClock()
			start, kept, rollout := time.now(), newQuirks(time), newRollout("was")
			for _, h := range test.happenings {
				time.pass(start.Add(seconds(h.at)).Sub(time.now()))
				got := ""
				switch h.call {
				case "route":
					kept.update(rollout, func(m *memory) { m.route = h.failure })
				case "removal":
					kept.update(rollout, func(m *memory) { m.removal = h.failure })
				case "verify", "verify<":
					kept.verified(rollout, weights[h.call], h.failure == "", h.failure)
				case "set", "set<":
					got = kept.weightSet(rollout, weights[h.call], h.failure)
				}
				if got != h.returns {
					t.Errorf("at %v s %s(%q) returns %q, not %q", h.at, h.call, h.failure, got, h.returns)
				}
			}
		})
	}
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

func TestRolloutsDoNotGetEachOthersErrors(t *testing.T) {
	kept := newQuirks(newClock())
	failing := newRollout("was")
	kept.update(failing, func(m *memory) { m.route = "UNIMPLEMENTED: r" })
	otherNamespace, otherName, madeAnew := newRollout("was"), newRollout("web"), newRollout("was")
	otherNamespace.Namespace, madeAnew.UID = "shop", "another"
	if got := kept.weightSet(otherNamespace, 50, ""); got != "" {
		t.Errorf("the same name in another namespace gets %q", got)
	}
	if got := kept.weightSet(otherName, 50, ""); got != "" {
		t.Errorf("another name gets %q", got)
	}
	if got := kept.weightSet(madeAnew, 50, ""); got != "" {
		t.Errorf("a Rollout made anew under the same name gets %q", got)
	}
	if got := kept.weightSet(failing, 50, ""); got == "" {
		t.Error("the failing one gets nothing")
	}
}

func TestARolloutIsForgottenWhenItIsDone(t *testing.T) {
	time := newClock()
	kept, rollout := newQuirks(time), newRollout("was")
	kept.weightSet(rollout, 50, "UNAVAILABLE: a")
	kept.verified(rollout, 50, true, "")
	if len(kept.rollouts) != 0 {
		t.Error("something is kept where there is nothing to tell later")
	}
	kept.update(rollout, func(m *memory) { m.removal = "UNAVAILABLE: r" })
	kept.weightSet(rollout, 50, "")
	time.pass(tellEvery)
	kept.weightSet(rollout, 50, "")
	if len(kept.rollouts) != 0 {
		t.Errorf("%v is still kept", kept.rollouts)
	}
}

func TestWhatIsKeptIsBounded(t *testing.T) {
	time := newClock()
	kept := newQuirks(time)
	fail := func(name string) {
		kept.update(newRollout(name), func(m *memory) { m.route = "UNIMPLEMENTED: r" })
	}
	for i := range mostRollouts + 10 {
		fail(fmt.Sprint(i))
	}
	if len(kept.rollouts) != mostRollouts {
		t.Errorf("%d are kept", len(kept.rollouts))
	}
	time.pass(tellEvery + 1)
	fail("new")
	if len(kept.rollouts) != 1 {
		t.Errorf("%d are kept where all but one were deleted", len(kept.rollouts))
	}
}
