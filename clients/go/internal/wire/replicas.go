package wire

import (
	"context"
	"sync"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

// Access is how to reach a service, whichever of its replicas.
type Access struct {
	Token *Token
	// Metadata goes with each call: names and values in turns.
	Metadata []string
	Dial     []grpc.DialOption
}

// Replicas has one connection to each replica that is in use.
type Replicas struct {
	Addresses *Addresses
	access    Access

	mu     sync.Mutex
	known  map[string]*replica
	closed bool
}

// NewReplicas connects to nobody yet.
func NewReplicas(addresses *Addresses, access Access) *Replicas {
	return &Replicas{Addresses: addresses, access: access, known: map[string]*replica{}}
}

// replica is one of them, and its one connection.
type replica struct {
	address Address
	access  *Access
	conn    *grpc.ClientConn
	client  pb.BudgetServiceClient
}

func (r *Replicas) of(budgetID string) (*replica, *Failure) {
	address := r.Addresses.Pick(budgetID)
	r.mu.Lock()
	defer r.mu.Unlock()
	if found := r.known[address.Name]; found != nil {
		return found, nil
	}
	if r.closed {
		return nil, unavailable("the client was closed")
	}
	conn, err := grpc.NewClient("passthrough:///"+address.Name, r.dialOptions(address)...)
	if err != nil {
		return nil, &Failure{Code: codes.InvalidArgument, Message: err.Error()}
	}
	made := &replica{address: address, access: &r.access, conn: conn, client: pb.NewBudgetServiceClient(conn)}
	r.known[address.Name] = made
	return made, nil
}

func (r *Replicas) dialOptions(address Address) []grpc.DialOption {
	// Without these a client that found the service away looks again after minutes, and one whose way to it is gone never notices.
	reconnect := backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second}
	options := []grpc.DialOption{
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: reconnect, MinConnectTimeout: 2 * time.Second}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 4 * time.Second}),
	}
	if address.Authority != "" {
		options = append(options, grpc.WithAuthority(address.Authority))
	}
	return append(options, r.access.Dial...)
}

// Close ends the connections.
func (r *Replicas) Close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for _, each := range r.known {
		_ = each.conn.Close()
	}
	clear(r.known)
}

// outgoing says to a router between which budget a call is about, so that a budget's calls share commits, and who calls.
func (r *replica) outgoing(ctx context.Context, budgetID string) (context.Context, *Failure) {
	token, err := r.access.Token.Read()
	if err != nil {
		return nil, &Failure{Code: codes.Unauthenticated, Message: err.Error()}
	}
	ctx = metadata.AppendToOutgoingContext(ctx, r.access.Metadata...)
	ctx = metadata.AppendToOutgoingContext(ctx, "budget-id", budgetID)
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	return ctx, nil
}
