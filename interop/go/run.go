package samspel

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"

	"github.com/samspel/samspel/interop/go/registry"
)

// Run runs a service in this process until SIGTERM or SIGINT, and returns the exit code:
//
//		func main() { os.Exit(samspel.Run("shipping", start)) }
//
//	 1. Start never half-succeeds: whatever is missing is one clear line in the log, and code 1 (A1).
//	 2. The registry learns of the instance when it can answer, and forgets it before it stops to (A2).
//	 3. A signal: deregistered, not serving, calls and messages in hand finished (30 s), closed, code 0. A second signal
//	    ends at once.
//
// The context of start ends when the stop begins: streams that go on for ever end with it.
func Run(name string, start func(ctx context.Context, s *Service) error) int {
	settings, err := ReadSettings(name, os.LookupEnv)
	log := NewLogger(os.Stdout, name, settings.LogLevel)
	slog.SetDefault(log)
	if err != nil {
		log.Log(context.Background(), levelFatal, err.Error())
		return 1
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		stop()
		if number, ok := (<-signals).(syscall.Signal); ok {
			os.Exit(128 + int(number))
		}
	}()
	if err := Serve(ctx, settings, log, start); err != nil {
		var configuration *ConfigurationError
		if errors.As(err, &configuration) {
			log.Log(ctx, levelFatal, configuration.Error())
		} else {
			log.Log(ctx, levelFatal, "Cannot start "+name+" as "+err.Error())
		}
		return 1
	}
	return 0
}

// Serve is [Run] without a process's signals and environment: it serves until ctx is done, and returns why it could not
// start.
func Serve(ctx context.Context, settings Settings, log *slog.Logger, start func(ctx context.Context, s *Service) error) error {
	s, err := newService(settings, log)
	if err != nil {
		return err
	}
	defer s.close()
	// The port is taken first, so that one that is taken is found before anything else is done.
	listener, err := s.listen()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if settings.Identity == identityConsul {
		if s.guard, err = openGuard(ctx, s); err != nil {
			return err
		}
	}
	if err := start(ctx, s); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return nil // it was stopped while it started
	}
	return s.serve(ctx, listener)
}

func (s *Service) listen() (net.Listener, error) {
	place := net.JoinHostPort(s.settings.Host, strconv.Itoa(s.settings.Port))
	listener, err := net.Listen("tcp", place)
	if err != nil {
		var system *os.SyscallError
		reason := err
		if errors.As(err, &system) {
			reason = system.Err
		}
		return nil, misconfigured("Cannot start %s as SAMSPEL_HOST %s, SAMSPEL_PORT %d cannot be listened on: %v; "+
			"set another port, or end who has it", s.settings.Service, s.settings.Host, s.settings.Port, reason)
	}
	return listener, nil
}

func targetOf(protoService string) string {
	for _, r := range protoService {
		if r == ':' || r == '/' {
			return protoService
		}
	}
	return registry.Scheme + ":///" + protoService
}
