package arbiter

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/wire"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Option is a setting of a client.
type Option func(*settings) error

type settings struct {
	budget, ai     string
	wait, patience time.Duration
	timeout        time.Duration
	fallback       bool
	failOpen       bool
	labels         map[string]string
	metadata       []string
	token          *wire.Token
	tls            *tls.Config
	unary          bool
	journal        string
	unsettled      func(Settlement, error)
	logger         *slog.Logger
	tracer         Tracer
	dial           []grpc.DialOption
}

func set(how func(*settings)) Option {
	return func(s *settings) error {
		how(s)
		return nil
	}
}

// WithBudget is the budget of requests that name none.
func WithBudget(budget string) Option { return set(func(s *settings) { s.budget = budget }) }

// WithAI is the AI of requests that name none.
func WithAI(ai string) Option { return set(func(s *settings) { s.ai = ai }) }

// WithWait is how long requests stand in the service's queue that do not say it. Default 10 s; None: not at all.
func WithWait(wait time.Duration) Option { return set(func(s *settings) { s.wait = wait }) }

// WithPatience is how long requests try in all that do not say it, the wait included. Default 60 s; None: once.
func WithPatience(patience time.Duration) Option {
	return set(func(s *settings) { s.patience = patience })
}

// WithDeadline is how long a call that does not wait may take. Default 5 s.
func WithDeadline(deadline time.Duration) Option {
	return func(s *settings) error {
		if deadline <= 0 {
			return errors.New("the deadline of a call must be above 0")
		}
		s.timeout = deadline
		return nil
	}
}

// WithFallback asks the budgets that a denial names, where a request does not say it.
func WithFallback() Option { return set(func(s *settings) { s.fallback = true }) }

// WithFailOpen lets calls go on without a slot while the service is away; what they cost is booked when it is back.
func WithFailOpen(failOpen bool) Option { return set(func(s *settings) { s.failOpen = failOpen }) }

// WithLabels are kept with each lease, for operators.
func WithLabels(labels map[string]string) Option { return set(func(s *settings) { s.labels = labels }) }

// WithMetadata goes with each call to the service.
func WithMetadata(metadata map[string]string) Option {
	return set(func(s *settings) {
		for name, value := range metadata {
			s.metadata = append(s.metadata, name, value)
		}
	})
}

// WithToken is a bearer token.
func WithToken(token string) Option {
	return set(func(s *settings) { s.token = wire.FixedToken(token) })
}

// WithTokenFile is a file with the bearer token, read again when it changes.
func WithTokenFile(path string) Option {
	return set(func(s *settings) { s.token = wire.TokenFile(path) })
}

// WithTLS speaks TLS; an empty configuration trusts the authorities of the system.
func WithTLS(config *tls.Config) Option { return set(func(s *settings) { s.tls = config }) }

// WithTLSFiles speaks TLS by files in PEM: the authority that signed the service's certificate, and this client's own certificate
// and its key. Each may be empty: then the authorities of the system, and no certificate.
func WithTLSFiles(ca, cert, key string) Option {
	return func(s *settings) error {
		config := &tls.Config{MinVersion: tls.VersionTLS12}
		if ca != "" {
			text, err := os.ReadFile(ca)
			if err != nil {
				return err
			}
			config.RootCAs = x509.NewCertPool()
			if !config.RootCAs.AppendCertsFromPEM(text) {
				return fmt.Errorf("%s has no certificate in PEM", ca)
			}
		}
		if cert != "" || key != "" {
			pair, err := tls.LoadX509KeyPair(cert, key)
			if err != nil {
				return err
			}
			config.Certificates = []tls.Certificate{pair}
		}
		s.tls = config
		return nil
	}
}

// WithUnary makes calls of their own, and a heartbeat for each slot, where a stream cannot live.
func WithUnary() Option { return set(func(s *settings) { s.unary = true }) }

// WithJournal is a file that keeps what is not settled yet over a crash of this process. One process a file.
func WithJournal(path string) Option { return set(func(s *settings) { s.journal = path }) }

// OnUnsettled is told of a settlement that was given up: the service refuses it, or was away for a week.
func OnUnsettled(tell func(Settlement, error)) Option {
	return set(func(s *settings) { s.unsettled = tell })
}

// WithLogger is where log lines go. Default: slog.Default, as it is when a line is written.
func WithLogger(logger *slog.Logger) Option { return set(func(s *settings) { s.logger = logger }) }

// WithTracer opens a span around each slot.
func WithTracer(tracer Tracer) Option { return set(func(s *settings) { s.tracer = tracer }) }

// WithDialOptions are for connections to the service, such as interceptors.
func WithDialOptions(options ...grpc.DialOption) Option {
	return set(func(s *settings) { s.dial = append(s.dial, options...) })
}

func (s *settings) access() wire.Access {
	transport := insecure.NewCredentials()
	if s.tls != nil {
		transport = credentials.NewTLS(s.tls)
	}
	dial := append([]grpc.DialOption{grpc.WithTransportCredentials(transport)}, s.dial...)
	return wire.Access{Token: s.token, Metadata: s.metadata, Dial: dial}
}
