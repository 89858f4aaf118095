//go:build go1.25

package arbiter_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	arbiter "github.com/budget-arbiter/budget-arbiter/clients/go"
	pb "github.com/budget-arbiter/budget-arbiter/clients/go/budgetarbiter/v1"
)

func TestMiddleware(t *testing.T) {
	for name, test := range map[string]struct {
		handler    http.HandlerFunc
		deny       bool
		status     int
		unreported pb.Unreported
	}{
		"reports":      {func(w http.ResponseWriter, r *http.Request) { arbiter.SlotFrom(r.Context()).Report(spent) }, false, 200, free},
		"says nothing": {func(http.ResponseWriter, *http.Request) {}, false, 200, presume},
		"fails": {func(w http.ResponseWriter, r *http.Request) {
			arbiter.SlotFrom(r.Context()).Fail(&vendorError{503})
			w.WriteHeader(http.StatusBadGateway)
		}, false, 502, free},
		"denied": {func(http.ResponseWriter, *http.Request) { t.Error("without a slot") }, true, 429, 0},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if test.deny {
					w.server.Deny = denying(time.Hour, time.Hour)
				}
				slots := w.client.Middleware(func(r *http.Request) arbiter.Request {
					return arbiter.Request{Budget: "shared", AI: r.Header.Get("X-AI"), Patience: arbiter.None}
				})
				answer := httptest.NewRecorder()
				asked := httptest.NewRequest("POST", "/chat", nil)
				asked.Header.Set("X-AI", "guardian")
				slots(test.handler).ServeHTTP(answer, asked)
				if answer.Code != test.status {
					t.Error(answer.Code)
				}
				if test.deny {
					if answer.Header().Get("Retry-After") != "3600" || answer.Header().Get("X-Should-Retry") != "false" {
						t.Error(answer.Header())
					}
				} else if booked := w.one(); booked.Unreported != test.unreported || booked.Lease.AiId != "guardian" {
					t.Error(booked)
				}
			})
		})
	}
}

func TestMiddlewareOfAPanic(t *testing.T) {
	inWorld(t, func(w *world) {
		slots := w.client.Middleware(func(*http.Request) arbiter.Request { return request })
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was lost")
				}
			}()
			panics := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(errors.New("ours")) })
			slots(panics).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		}()
		if booked := w.one(); booked.Unreported != free {
			t.Error(booked)
		}
	})
}
