// Package watch is what the supervisor and its workers agree on.
package watch

import (
	"fmt"
	"net"
	"strconv"

	"github.com/kubeless/kubeless/internal/settings"
)

// Variable tells a worker that it has a supervisor.
const Variable = "KUBELESS_SUPERVISED"

// File descriptors of a worker.
const (
	Listener = 3 + iota // shared, so that no connection is refused while a worker is replaced
	News                // to the supervisor
	Lifeline            // to the worker: when it ends, the worker ends, once calls in progress are finished
)

// What a worker tells.
const (
	Ready   byte = 'r'
	Replace byte = 's'
)

// Replaced is what a worker is told on its lifeline when another one takes its place: nobody is in a hurry then, and
// each call may use up its time.
const Replaced byte = 'r'

// Listen where the settings say.
func Listen(found settings.Settings) (*net.TCPListener, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(found.Host, strconv.Itoa(found.Port)))
	if err != nil {
		return nil, fmt.Errorf("cannot listen on port %d: %w", found.Port, err)
	}
	return listener.(*net.TCPListener), nil
}
