// Package functions is what a function written in Go is given.
//
// It has the import path and the fields of the original, so that functions written for it compile unchanged.
package functions

import (
	"context"
	"net/http"
)

// Extension gives access to the call behind an event.
type Extension struct {
	// Request is the HTTP request. Its body can be read, although Event.Data has it already.
	Request *http.Request
	// Response takes headers, a status, or a streamed answer. What the function returns is written after it.
	Response http.ResponseWriter
	// Context ends when nobody waits for the answer any more: after the function's timeout, or when the client left.
	Context context.Context
	// CloudEvent has the attributes of a CloudEvent by the names of their headers, such as "ce-id".
	CloudEvent map[string]string
}

// Event is what happened. Fields whose header is missing are empty.
type Event struct {
	Data           string
	EventID        string
	EventType      string
	EventTime      string
	EventNamespace string
	Extensions     Extension
}

// Context says where the function runs.
type Context struct {
	FunctionName string
	// Timeout is a number of seconds.
	Timeout     string
	Runtime     string
	MemoryLimit string
}
