// Package wire carries calls to the service: in a session or each by itself, to the replica that a budget's calls go to.
package wire

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Failure is a call that ended with an error, alone or within a session.
type Failure struct {
	Code    codes.Code
	Message string
	// Reason is the service's own word, such as LEASE_NOT_FOUND; empty where the service did not speak.
	Reason     string
	RetryAfter time.Duration
}

func (f *Failure) Error() string { return fmt.Sprintf("%s: %s", f.Code, f.Message) }

// Passing says that whoever repeats the call just so may get an answer: the service, or the way to it, is away or has no room.
func (f *Failure) Passing() bool {
	switch f.Code {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted, codes.Internal, codes.Unknown:
		return true
	default:
		return false
	}
}

// Away says that another replica may have what this one lacks.
func (f *Failure) Away() bool {
	return f.Code == codes.Unavailable || f.Code == codes.DeadlineExceeded
}

// failureOf reads what a call ended with; nil for none.
func failureOf(err error) *Failure {
	if err == nil {
		return nil
	}
	return failureFrom(status.Convert(err).Proto())
}

// failureFrom reads an error as an answer within a session tells it.
func failureFrom(told *spb.Status) *Failure {
	of := status.FromProto(told)
	failure := &Failure{Code: of.Code(), Message: of.Message()}
	for _, detail := range of.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			failure.Reason = detail.Reason
		case *errdetails.RetryInfo:
			failure.RetryAfter = detail.RetryDelay.AsDuration()
		}
	}
	return failure
}

// interrupted is what a call has whose caller did not wait for its answer.
var interrupted = &Failure{Code: codes.Canceled, Message: "the caller has gone"}

func unavailable(format string, values ...any) *Failure {
	return &Failure{Code: codes.Unavailable, Message: fmt.Sprintf(format, values...)}
}

func late() *Failure {
	return &Failure{Code: codes.DeadlineExceeded, Message: "the service did not answer in time"}
}
