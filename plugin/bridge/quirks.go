package main

import (
	"maps"
	"sync"
	"time"

	argo "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
)

const (
	reasonAfter  = 30 * time.Second // shorter waits are ordinary
	tellEvery    = time.Minute      // each time would hold an abort, and keep VerifyWeight from being asked
	mostRollouts = 10_000
)

// quirks keep the errors that the controller takes badly from other methods for that Rollout's SetWeight, whose
// errors become events and are tried again.
type quirks struct {
	now      func() time.Time
	mutex    sync.Mutex
	rollouts map[rolloutKey]memory
}

type rolloutKey struct{ namespace, name, uid string }

type memory struct {
	used            time.Time
	route           string // error of SetHeaderRoute or SetMirrorRoute
	removal         string // error of RemoveManagedRoutes
	removalTold     time.Time
	weight          int32
	reason          string // why this weight is not verified
	unverifiedSince time.Time
	reasonTold      time.Time
}

// verified takes in VerifyWeight's answer: fine is all but NotVerified.
func (q *quirks) verified(rollout *argo.Rollout, weight int32, fine bool, reason string) {
	q.update(rollout, func(m *memory) {
		if fine {
			reason = ""
		} else if m.reason == "" || m.weight != weight {
			m.unverifiedSince = m.used
		}
		m.weight, m.reason = weight, reason
	})
}

// weightSet gives what SetWeight returns: its own failure, else one of those that were kept for it.
func (q *quirks) weightSet(rollout *argo.Rollout, weight int32, failure string) string {
	q.update(rollout, func(m *memory) {
		if failure != "" || m.weight != weight {
			m.reason = ""
		}
		switch now := m.used; {
		case failure != "":
		case m.route != "":
			failure, m.route = m.route, "" // without a limit: the step must not pass
		case m.removal != "" && now.Sub(m.removalTold) >= tellEvery:
			failure, m.removal, m.removalTold = m.removal, "", now
		case m.reason != "" && now.Sub(m.unverifiedSince) >= reasonAfter && now.Sub(m.reasonTold) >= tellEvery:
			failure, m.reasonTold = m.reason, now
		default:
			m.removal = "" // the log has it
		}
	})
	return failure
}

// update changes what is known of a Rollout, and forgets it when there is nothing more to know.
func (q *quirks) update(rollout *argo.Rollout, change func(*memory)) {
	key := rolloutKey{rollout.Namespace, rollout.Name, string(rollout.UID)}
	q.mutex.Lock()
	defer q.mutex.Unlock()
	now, known := q.now(), q.rollouts[key]
	known.used = now
	change(&known)
	delete(q.rollouts, key)
	if known.route+known.removal+known.reason == "" &&
		now.Sub(known.removalTold) >= tellEvery && now.Sub(known.reasonTold) >= tellEvery {
		return
	}
	if len(q.rollouts) >= mostRollouts {
		maps.DeleteFunc(q.rollouts, func(_ rolloutKey, m memory) bool { return now.Sub(m.used) > tellEvery })
	}
	if len(q.rollouts) < mostRollouts {
		q.rollouts[key] = known
	}
}
