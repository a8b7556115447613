package kubeless

import (
	"fmt"
	"net/http"

	"github.com/kubeless/kubeless/pkg/functions"
)

func Run(event functions.Event, context functions.Context) (string, error) {
	for _, part := range []string{"one", "two", "three"} {
		fmt.Fprintln(event.Extensions.Response, part)
		event.Extensions.Response.(http.Flusher).Flush()
	}
	return "", nil
}
