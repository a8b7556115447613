package kubeless

import (
	"github.com/kubeless/kubeless/pkg/functions"
	"github.com/pkg/errors"
)

func Run(event functions.Event, context functions.Context) (string, error) {
	return errors.Wrap(errors.New("used"), "wrapped").Error()[len("wrapped: "):], nil
}
