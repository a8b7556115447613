package kubeless

import "github.com/kubeless/kubeless/pkg/functions"

// Foo answers with a greeting.
func Foo(event functions.Event, context functions.Context) (string, error) {
	return "Hello world!", nil
}
