package main

import (
	"maps"
	"sync"
	"time"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
)

const (
	reportReasonAfter = 30 * time.Second // shorter waits are normal
	reportEvery       = time.Minute      // more often, errors would delay an abort and prevent calls of VerifyWeight
	forgetAfter       = 10 * time.Minute // far longer than the time between two calls of one reconcile
	maxRollouts       = 10_000
)

// pendingErrors holds the errors that other methods leave for SetWeight to report. The controller shows an error of
// SetWeight as an event and retries, but handles an error of any other method badly.
//
// A Rollout has up to three pending errors, each with its own two states:
//
//	route    none --SetHeaderRoute or SetMirrorRoute fails--> pending
//	         pending --either succeeds, or SetWeight reports the error--> none
//	removal  none --RemoveManagedRoutes fails--> pending
//	         pending --it succeeds, or SetWeight reports the error or returns success--> none
//	reason   none --VerifyWeight answers NotVerified--> pending
//	         pending --VerifyWeight answers anything else, or SetWeight fails or sets another weight--> none
//
// SetWeight returns its own error if it has one. Otherwise it reports one pending error: the route's always, so that
// the step does not pass; else the removal's, at most once a minute; else the reason, once NotVerified has lasted for
// 30 seconds, at most once a minute.
//
// The mutex guards the map and its values. It is held only within update, never during a call to the sidecar.
//
// A restart loses the pending errors and the times of the reports. This is safe: a bridge that exits fails the
// reconcile, and the next reconcile calls the same methods again. An error may then be reported early.
//
// A call for a Rollout drops its entry if nothing is pending and nothing was reported in the last minute. Entries of
// Rollouts that are gone are dropped by calls for others: every ten minutes, those that were not used for ten minutes.
// When the map is full, errors of further Rollouts are only logged.
type pendingErrors struct {
	now      func() time.Time
	mutex    sync.Mutex
	rollouts map[rolloutKey]troubles
	swept    time.Time
}

type rolloutKey struct{ namespace, name, uid string }

// troubles are the pending errors of one Rollout, "" for none, and the times that limit their reports.
type troubles struct {
	lastUsed        time.Time
	route           string // error of SetHeaderRoute or SetMirrorRoute
	removal         string // error of RemoveManagedRoutes
	removalReported time.Time
	reason          string // why the weight is not verified
	weight          int32  // the weight of the last VerifyWeight
	unverifiedSince time.Time
	reasonReported  time.Time
}

// recordVerification records an answer of VerifyWeight. The reason is "" unless the answer is NotVerified.
func (p *pendingErrors) recordVerification(rollout *argo.Rollout, weight int32, reason string) {
	p.update(rollout, func(t *troubles) {
		if t.reason == "" || t.weight != weight {
			t.unverifiedSince = t.lastUsed
		}
		t.weight, t.reason = weight, reason
	})
}

// report returns the error that SetWeight reports, or "": its own failure if there is one, else a pending error.
func (p *pendingErrors) report(rollout *argo.Rollout, weight int32, failure string) (reported string) {
	p.update(rollout, func(t *troubles) {
		if failure != "" || t.weight != weight {
			t.reason = ""
		}
		now := t.lastUsed
		switch {
		case failure != "":
			reported = failure
		case t.route != "":
			reported, t.route = t.route, ""
		case t.removal != "" && now.Sub(t.removalReported) >= reportEvery:
			reported, t.removal, t.removalReported = t.removal, "", now
		case t.reason != "" && now.Sub(t.unverifiedSince) >= reportReasonAfter && now.Sub(t.reasonReported) >= reportEvery:
			reported, t.reasonReported = t.reason, now
		default:
			t.removal = "" // it was logged, and reported less than a minute ago
		}
	})
	return reported
}

// update changes the entry of a Rollout, and drops entries that are no longer needed.
func (p *pendingErrors) update(rollout *argo.Rollout, change func(*troubles)) {
	key := rolloutKey{rollout.Namespace, rollout.Name, string(rollout.UID)}
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now, entry := p.now(), p.rollouts[key]
	entry.lastUsed = now
	change(&entry)
	delete(p.rollouts, key)
	if now.Sub(p.swept) >= forgetAfter {
		maps.DeleteFunc(p.rollouts, func(_ rolloutKey, t troubles) bool { return now.Sub(t.lastUsed) >= forgetAfter })
		p.swept = now
	}
	pending := entry.route != "" || entry.removal != "" || entry.reason != ""
	reported := now.Sub(entry.removalReported) < reportEvery || now.Sub(entry.reasonReported) < reportEvery
	if (pending || reported) && len(p.rollouts) < maxRollouts {
		p.rollouts[key] = entry
	}
}
