package kubeless

import (
	"strings"
	"time"

	"github.com/kubeless/kubeless/pkg/functions"
)

func Run(event functions.Event, context functions.Context) (string, error) {
	kind, seconds, _ := strings.Cut(event.Data, " ")
	if kind == "wait" {
		pause, err := time.ParseDuration(seconds + "s")
		if err != nil {
			return "", err
		}
		time.Sleep(pause)
	}
	for kind == "stuck" {
	}
	return "ok", nil
}
