// Package settle tells the service in the background what became of slots, until it knows.
package settle

import (
	"encoding/json"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/protobuf/encoding/protojson"
)

// The service remembers ids for 7 days; an hour less leaves time for clocks that differ.
const longest = (7*24 - 1) * time.Hour

// So long the service lets what a lost grant was charged be given back.
const longestGrace = time.Hour

// Settlement is what is to be told of one slot. Kept in the journal as it is: no credentials.
type Settlement struct {
	ID       string `json:"id"`
	BudgetID string `json:"budget_id"`
	AIID     string `json:"ai_id"`
	// LeaseID is empty where the answer to the request was lost, or never came: then RequestID finds the lease.
	LeaseID   string `json:"lease_id,omitempty"`
	RequestID string `json:"request_id,omitempty"`
	// Spent says that without a lease the usage is booked all the same.
	Spent bool `json:"spent,omitempty"`
	// Usages are booked one after the other, the last with the release if there is one.
	Usages []Usage `json:"usages,omitempty"`
	// Unreported is what becomes of what is not reported; unset: the slot goes on.
	Unreported pb.Unreported `json:"unreported,omitempty"`
	// FirstTriedAt is by the wall clock, over crashes.
	FirstTriedAt time.Time `json:"first_tried_at"`
}

// lease is by what its settlements follow each other.
func (s *Settlement) lease() string {
	if s.LeaseID != "" {
		return s.LeaseID
	}
	return s.RequestID
}

func (s *Settlement) isTooOld() bool { return time.Since(s.FirstTriedAt) >= longest }

// isVain says that it was only to give back what may have been granted, and that this no longer helps.
func (s *Settlement) isVain() bool {
	return s.LeaseID == "" && !s.Spent && time.Since(s.FirstTriedAt) >= longestGrace
}

// Usage is a report, as JSON in the words of the API.
type Usage struct{ *pb.Usage }

// MarshalJSON implements json.Marshaler.
func (u Usage) MarshalJSON() ([]byte, error) { return protojson.Marshal(u.Usage) }

// UnmarshalJSON implements json.Unmarshaler.
func (u *Usage) UnmarshalJSON(text []byte) error {
	u.Usage = &pb.Usage{}
	// A later version of this package may have written it.
	return protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(text, u.Usage)
}

var _ json.Unmarshaler = (*Usage)(nil)
