package kubeless

import (
	"errors"

	"github.com/kubeless/kubeless/pkg/functions"
)

func Run(event functions.Event, context functions.Context) (string, error) {
	if event.Data == "throw" {
		return "", errors.New("the secret is 12345")
	}
	return "ok", nil
}
