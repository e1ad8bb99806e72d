package inbox

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// isClosed says whether a connection ended under a statement; pgx says so in several ways.
func isClosed(err error) bool {
	for _, ended := range []error{io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, ended) {
			return true
		}
	}
	return err.Error() == "conn closed"
}
