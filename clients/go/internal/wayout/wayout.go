// Package wayout tells by an error how far a call to a vendor came, and so what it may have cost.
package wayout

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"syscall"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Blame is what an error says of the vendor.
type Blame int

const (
	// Own is an error of the caller's own code: nothing more was spent.
	Own Blame = iota
	// Refused: the vendor answered that it will not, and charged nothing.
	Refused
	// Unreached: the vendor was never asked.
	Unreached
	// Broken: the call ended on its way, or was cancelled, and nobody knows what it cost.
	Broken
)

// Of judges an error and those that it wraps.
func Of(err error) Blame {
	if blame, ok := ofGRPC(err); ok {
		return blame
	}
	switch code := httpStatus(err); {
	case code >= 400:
		return Refused
	case code > 0:
		return Broken // It came within an answer that had begun well: a stream.
	case isUnreached(err):
		return Unreached
	case isBroken(err):
		return Broken
	default:
		return Own
	}
}

var unreached = []error{
	syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EADDRNOTAVAIL,
}

func isUnreached(err error) bool {
	for _, each := range unreached {
		if errors.Is(err, each) {
			return true
		}
	}
	var operation *net.OpError
	if errors.As(err, &operation) && operation.Op == "dial" {
		return true
	}
	return is[*net.DNSError](err) || is[*tls.CertificateVerificationError](err) || is[tls.RecordHeaderError](err) ||
		is[x509.UnknownAuthorityError](err) || is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err)
}

var broken = []error{
	context.Canceled, context.DeadlineExceeded, io.ErrUnexpectedEOF, io.EOF, io.ErrClosedPipe, net.ErrClosed,
	syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
}

func isBroken(err error) bool {
	for _, each := range broken {
		if errors.Is(err, each) {
			return true
		}
	}
	var request *url.Error
	if errors.As(err, &request) && request.Op != "parse" {
		return true
	}
	return is[net.Error](err) || isOfStream(err)
}

func is[E error](err error) bool {
	var found E
	return errors.As(err, &found)
}

// ofGRPC judges vendors that are called over gRPC.
func ofGRPC(err error) (Blame, bool) {
	var told interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &told) {
		return Own, false
	}
	switch told.GRPCStatus().Code() {
	case codes.OK:
		return Own, false
	case codes.Canceled, codes.DeadlineExceeded, codes.Unavailable, codes.Internal, codes.Unknown, codes.Aborted, codes.DataLoss:
		return Broken, true
	default:
		return Refused, true
	}
}
