package main

import (
	"fmt"
	"testing"
	"time"
)

// An endedCall is a call that ended some seconds after the start, and what SetWeight then returns.
type endedCall struct {
	at      float64
	method  string // route, removal; verify and set at weight 50; verify< and set< at weight 25
	failure string
	returns string
}

func TestSetWeightReportsPendingErrors(t *testing.T) {
	weights := map[string]int32{"verify": 50, "set": 50, "verify<": 25, "set<": 25}
	for _, test := range []struct {
		name  string
		calls []endedCall
	}{
		{"its own error", []endedCall{
			{0, "set", "UNAVAILABLE: a", "UNAVAILABLE: a"},
		}},
		{"the error of a route every time, once the weight is set", []endedCall{
			{0, "route", "UNIMPLEMENTED: r", ""},
			{0, "set<", "UNAVAILABLE: a", "UNAVAILABLE: a"},
			{1, "set<", "", "UNIMPLEMENTED: r"},
			{2, "route", "UNIMPLEMENTED: r", ""},
			{2, "set<", "", "UNIMPLEMENTED: r"},
			{3, "set<", "", ""},
		}},
		{"no error of a route that was set later", []endedCall{
			{0, "route", "UNAVAILABLE: r", ""},
			{1, "route", "", ""},
			{1, "set<", "", ""},
		}},
		{"the error of a removal once a minute", []endedCall{
			{0, "removal", "UNAVAILABLE: r", ""},
			{0, "set<", "", "UNAVAILABLE: r"},
			{1, "set<", "", ""},
			{59, "removal", "UNAVAILABLE: r", ""},
			{59, "set<", "", ""},
			{60, "set<", "", ""},
			{60, "removal", "UNAVAILABLE: r", ""},
			{60, "set<", "", "UNAVAILABLE: r"},
		}},
		{"no error of a removal that succeeded later", []endedCall{
			{0, "removal", "UNAVAILABLE: r", ""},
			{1, "removal", "", ""},
			{1, "set<", "", ""},
		}},
		{"the reason after 30 s, then once a minute", []endedCall{
			{0, "verify", "NOT_VERIFIED: v", ""},
			{29.9, "set", "", ""},
			{29.9, "verify", "NOT_VERIFIED: w", ""},
			{30, "set", "", "NOT_VERIFIED: w"},
			{31, "set", "", ""},
			{31, "verify", "NOT_VERIFIED: w", ""},
			{89.9, "set", "", ""},
			{90, "set", "", "NOT_VERIFIED: w"},
		}},
		{"no reason after the weight was verified", []endedCall{
			{0, "verify", "NOT_VERIFIED: v", ""},
			{20, "verify", "", ""},
			{40, "set", "", ""},
			{41, "verify", "NOT_VERIFIED: v", ""},
			{70, "set", "", ""},
			{71, "set", "", "NOT_VERIFIED: v"},
		}},
		{"no reason for another weight", []endedCall{
			{0, "verify<", "NOT_VERIFIED: v", ""},
			{40, "set", "", ""},
			{40, "verify", "NOT_VERIFIED: w", ""},
			{60, "verify<", "NOT_VERIFIED: v", ""},
			{80, "set<", "", ""},
			{90, "set<", "", "NOT_VERIFIED: v"},
		}},
		{"no reason from before an error of SetWeight", []endedCall{
			{0, "verify", "NOT_VERIFIED: v", ""},
			{10, "set", "UNAVAILABLE: a", "UNAVAILABLE: a"},
			{40, "set", "", ""},
		}},
		{"one error at a time", []endedCall{
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
			start, pending, rollout := time.now(), newPendingErrors(time), newRollout("was")
			for _, c := range test.calls {
				time.pass(start.Add(seconds(c.at)).Sub(time.now()))
				got := ""
				switch c.method {
				case "route":
					pending.update(rollout, func(t *troubles) { t.route = c.failure })
				case "removal":
					pending.update(rollout, func(t *troubles) { t.removal = c.failure })
				case "verify", "verify<":
					pending.recordVerification(rollout, weights[c.method], c.failure)
				case "set", "set<":
					got = pending.report(rollout, weights[c.method], c.failure)
				}
				if got != c.returns {
					t.Errorf("at %v s %s(%q) returns %q, want %q", c.at, c.method, c.failure, got, c.returns)
				}
			}
		})
	}
}

func seconds(number float64) time.Duration { return time.Duration(number * float64(time.Second)) }

func TestARolloutDoesNotReportErrorsOfAnother(t *testing.T) {
	pending := newPendingErrors(newClock())
	failing := newRollout("was")
	pending.update(failing, func(t *troubles) { t.route = "UNIMPLEMENTED: r" })
	otherNamespace, otherName, recreated := newRollout("was"), newRollout("web"), newRollout("was")
	otherNamespace.Namespace, recreated.UID = "shop", "another"
	if got := pending.report(otherNamespace, 50, ""); got != "" {
		t.Errorf("a Rollout of the same name in another namespace reports %q", got)
	}
	if got := pending.report(otherName, 50, ""); got != "" {
		t.Errorf("a Rollout of another name reports %q", got)
	}
	if got := pending.report(recreated, 50, ""); got != "" {
		t.Errorf("a Rollout created again under the same name reports %q", got)
	}
	if got := pending.report(failing, 50, ""); got == "" {
		t.Error("the failing Rollout reports nothing")
	}
}

func TestARolloutWithNothingLeftToReportIsForgotten(t *testing.T) {
	time := newClock()
	pending, rollout := newPendingErrors(time), newRollout("was")
	pending.report(rollout, 50, "UNAVAILABLE: a")
	pending.recordVerification(rollout, 50, "")
	if len(pending.rollouts) != 0 {
		t.Error("an entry is kept although nothing is left to report")
	}
	pending.update(rollout, func(t *troubles) { t.removal = "UNAVAILABLE: r" })
	pending.report(rollout, 50, "")
	time.pass(reportEvery)
	pending.report(rollout, 50, "")
	if len(pending.rollouts) != 0 {
		t.Errorf("%v is still kept", pending.rollouts)
	}
}

func TestTheNumberOfRolloutsIsBounded(t *testing.T) {
	time := newClock()
	pending := newPendingErrors(time)
	fail := func(name string) {
		pending.update(newRollout(name), func(t *troubles) { t.route = "UNIMPLEMENTED: r" })
	}
	for i := range maxRollouts + 10 {
		fail(fmt.Sprint(i))
	}
	if len(pending.rollouts) != maxRollouts {
		t.Errorf("%d Rollouts are kept", len(pending.rollouts))
	}
	time.pass(forgetAfter)
	fail("new")
	if len(pending.rollouts) != 1 {
		t.Errorf("%d Rollouts are kept although all but one were not used for a while", len(pending.rollouts))
	}
}

func TestARolloutThatIsNotUsedForAWhileIsForgotten(t *testing.T) {
	time := newClock()
	pending, deleted, unrelated := newPendingErrors(time), newRollout("deleted"), newRollout("unrelated")
	pending.update(deleted, func(t *troubles) { t.route = "UNIMPLEMENTED: r" })
	time.pass(forgetAfter - 1)
	pending.report(unrelated, 50, "")
	if len(pending.rollouts) != 1 {
		t.Errorf("the Rollout is forgotten early: %v", pending.rollouts)
	}
	time.pass(1)
	pending.report(unrelated, 50, "")
	if len(pending.rollouts) != 0 {
		t.Errorf("%v is still kept", pending.rollouts)
	}
}
