// Package fakeserver is a budget arbiter within this process: it speaks the whole of BudgetService's writes, keeps books, and fails
// as it is told.
package fakeserver

import (
	"context"
	"net"
	"sync"
	"time"

	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
)

// Server is one replica. Its settings are for before it is asked, or for under Change.
type Server struct {
	pb.UnimplementedBudgetServiceServer

	// MaxConcurrent is how many slots there are; 0: enough.
	MaxConcurrent int
	// Deny refuses a request; nil grants it.
	Deny func(*pb.AcquireSlotRequest) *pb.Denial
	// Before fails a call that then has no effect, and After one that had its effect: its answer is lost. Of a session's calls,
	// too: then an error that Breaks ends the stream.
	Before, After func(call proto.Message) error
	// RefuseSession fails the opening of a session.
	RefuseSession func(*pb.OpenSession) error
	// Seen is told of each call with its metadata, and each opening of a session.
	Seen func(call proto.Message, headers metadata.MD)

	mu       sync.Mutex
	books    books
	freed    chan struct{}
	streams  map[*carried]bool
	listener *bufconn.Listener
	server   *grpc.Server
	conns    map[net.Conn]bool
	down     bool
}

// New serves until Stop.
func New() *Server {
	s := &Server{freed: make(chan struct{}), streams: map[*carried]bool{}, conns: map[net.Conn]bool{}, books: newBooks()}
	s.listener = bufconn.Listen(1 << 20)
	// As the service does, it bears a client that looks whether it is there.
	s.server = grpc.NewServer(grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second}))
	pb.RegisterBudgetServiceServer(s.server, s)
	go func() { _ = s.server.Serve(s.listener) }()
	return s
}

// Stop ends it, whatever is under way.
func (s *Server) Stop() {
	s.server.Stop()
	_ = s.listener.Close()
}

// DialOptions lead to it, whatever the address.
func (s *Server) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return s.Dial(ctx) }),
	}
}

// Dial is a connection to it; none while it is down.
func (s *Server) Dial(ctx context.Context) (net.Conn, error) {
	s.mu.Lock()
	down := s.down
	s.mu.Unlock()
	if down {
		return nil, &net.OpError{Op: "dial", Net: "bufconn", Err: net.ErrClosed}
	}
	conn, err := s.listener.DialContext(ctx)
	if err == nil {
		s.mu.Lock()
		s.conns[conn] = true
		s.mu.Unlock()
	}
	return conn, err
}

// Down cuts all connections, and takes none, until it is up again. It forgets nothing.
func (s *Server) Down(down bool) {
	s.mu.Lock()
	s.down = down
	var cut []net.Conn
	if down {
		for conn := range s.conns {
			cut = append(cut, conn)
		}
		clear(s.conns)
	}
	s.mu.Unlock()
	for _, conn := range cut {
		_ = conn.Close()
	}
}

// Break ends all sessions' streams, as a fault of the network does.
func (s *Server) Break() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for stream := range s.streams {
		stream.cut()
	}
}

// Change is for settings while it is asked.
func (s *Server) Change(how func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	how()
}
