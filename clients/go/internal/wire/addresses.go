package wire

import (
	"bytes"
	"context"
	"crypto/sha256"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/budget-arbiter/budget-arbiter/clients/go/internal/pause"
)

const (
	defaultPort        = "50051"
	lookUpEvery        = 30 * time.Second
	lookUpAfterFailure = 5 * time.Second
)

// Address is where a replica listens.
type Address struct {
	// Name is host:port, by which budgets are spread.
	Name string
	// Authority is the name that its certificate is for, where Name is one of the addresses behind it.
	Authority string
}

type known struct {
	Address
	downUntil time.Time
	backoff   pause.Backoff
}

// Addresses are the replicas of a service, by a list, by DNS or both. A budget's calls go to one of them, whichever process
// makes them, so that they share commits: to the one whose hash with the budget is the greatest among those that are not down.
type Addresses struct {
	listed []string
	lookUp func(ctx context.Context, host string) ([]string, error)

	first sync.Once
	mu    sync.Mutex
	all   []*known
	// lookedUpAt is when names were last looked up, failed whether an address did not answer since.
	lookedUpAt time.Time
	failed     bool
	looking    bool
}

// NewAddresses takes `host:port`, or hosts alone.
func NewAddresses(listed []string) *Addresses {
	return &Addresses{listed: listed, lookUp: net.DefaultResolver.LookupHost}
}

// Pick is where a budget's calls go now.
func (a *Addresses) Pick(budgetID string) Address {
	a.first.Do(a.lookUpAll)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refresh()
	now := time.Now()
	var best *known
	var bestHash [sha256.Size]byte
	for _, each := range a.all {
		hash := sha256.Sum256([]byte(budgetID + "\n" + each.Name))
		if best == nil || better(each, hash, best, bestHash, now) {
			best, bestHash = each, hash
		}
	}
	return best.Address
}

// better is one that is not down, then the greater hash: the same in every language, so that a Python worker and a Go server
// share a replica.
func better(one *known, hash [sha256.Size]byte, other *known, otherHash [sha256.Size]byte, now time.Time) bool {
	if down := one.downUntil.After(now); down != other.downUntil.After(now) {
		return !down
	}
	return bytes.Compare(hash[:], otherHash[:]) > 0
}

// MarkDown says that it did not answer: its budgets go to the next for a while.
func (a *Addresses) MarkDown(address Address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.failed = true
	if found := a.find(address.Name); found != nil {
		found.downUntil = time.Now().Add(found.backoff.Next())
	}
}

// MarkUp says that it answered.
func (a *Addresses) MarkUp(address Address) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if found := a.find(address.Name); found != nil {
		found.backoff.Reset()
		found.downUntil = time.Time{}
	}
}

func (a *Addresses) find(name string) *known {
	for _, each := range a.all {
		if each.Name == name {
			return each
		}
	}
	return nil
}

// refresh looks names up again behind the callers' backs.
func (a *Addresses) refresh() {
	age := time.Since(a.lookedUpAt)
	if a.looking || age < lookUpAfterFailure || (!a.failed && age < lookUpEvery) || !slices.ContainsFunc(a.listed, isName) {
		return
	}
	a.looking = true
	go a.lookUpAll()
}

func (a *Addresses) lookUpAll() {
	var found []Address
	for _, listed := range a.listed {
		found = append(found, a.behind(listed)...)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]*known, 0, len(found))
	for _, address := range found {
		each := a.find(address.Name)
		if each == nil {
			each = &known{Address: address, backoff: pause.Backoff{First: 500 * time.Millisecond, Most: 30 * time.Second}}
		}
		all = append(all, each)
	}
	a.all, a.lookedUpAt, a.failed, a.looking = all, time.Now(), false, false
}

func (a *Addresses) behind(listed string) []Address {
	host, port := split(listed)
	name := net.JoinHostPort(host, port)
	if !isName(listed) {
		return []Address{{Name: name}}
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookUpAfterFailure)
	defer cancel()
	found, err := a.lookUp(ctx, host)
	slices.Sort(found)
	found = slices.Compact(found)
	// A name that is not to be found is left to the connection, which says so.
	if err != nil || len(found) < 2 {
		return []Address{{Name: name}}
	}
	all := make([]Address, len(found))
	for i, ip := range found {
		all[i] = Address{Name: net.JoinHostPort(ip, port), Authority: name}
	}
	return all
}

func isName(listed string) bool {
	host, _ := split(listed)
	_, err := netip.ParseAddr(host)
	return err != nil && host != "localhost"
}

func split(listed string) (host, port string) {
	plain := strings.TrimSpace(listed)
	for _, scheme := range []string{"dns:///", "dns:", "http://", "https://"} {
		plain = strings.TrimPrefix(plain, scheme)
	}
	plain = strings.TrimSuffix(plain, "/")
	host, port, err := net.SplitHostPort(plain)
	if err != nil {
		return strings.Trim(plain, "[]"), defaultPort
	}
	return host, port
}
