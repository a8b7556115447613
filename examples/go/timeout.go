package kubeless

import "github.com/kubeless/kubeless/pkg/functions"

// Foo never ends when it is told so.
func Foo(event functions.Event, context functions.Context) (string, error) {
	for event.Data == "forever" {
	}
	return "in time", nil
}
