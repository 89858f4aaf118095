package arbiter

import (
	"errors"
	"net/http"
)

// Middleware serves each request in a slot: the handler finds it by SlotFrom(r.Context()), reports what it spent, and says with
// Slot.Fail what went wrong. `request` says what to ask for. A request that gets no slot is answered by AnswerError.
func (c *Client) Middleware(request func(*http.Request) Request) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			slot, err := c.Acquire(r.Context(), request(r))
			if err != nil {
				if !AnswerError(w, err) {
					http.Error(w, "no slot of the budget", http.StatusInternalServerError)
				}
				return
			}
			defer slot.End(errUnfinished)
			next.ServeHTTP(w, r.WithContext(slot.ctx))
			slot.End(nil)
		})
	}
}

// AnswerError answers with an error of Do or Acquire, and says whether it was one: a denial with 429 (for good with 400, while
// paused with 503), and 503 where the service is away. Any other error is left to the caller.
func AnswerError(w http.ResponseWriter, err error) bool {
	var denied *Denied
	var unavailable *Unavailable
	switch {
	case errors.As(err, &denied):
		denied.ToHTTP().Write(w)
	case errors.As(err, &unavailable):
		unavailable.ToHTTP().Write(w)
	default:
		return false
	}
	return true
}
