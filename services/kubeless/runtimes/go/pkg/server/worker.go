package server

import (
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/kubeless/kubeless/internal/settings"
	"github.com/kubeless/kubeless/internal/watch"
)

// worker is this process as its supervisor sees it. Without a supervisor it listens and heeds signals itself.
type worker struct {
	listener  net.Listener
	news      *os.File // to the supervisor; nil without one
	replaced  chan struct{}
	stopping  chan struct{}
	callTime  time.Duration
	shutdown  time.Duration
	asked     sync.Once
	stopsOnce sync.Once
}

func newWorker(found settings.Settings) (*worker, error) {
	w := &worker{
		replaced: make(chan struct{}), stopping: make(chan struct{}),
		callTime: found.Timeout, shutdown: found.ShutdownTimeout,
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	if os.Getenv(watch.Variable) == "" {
		go func() {
			<-signals
			w.stop()
		}()
		var err error
		w.listener, err = watch.Listen(found)
		return w, err
	}
	os.Unsetenv(watch.Variable)
	for _, descriptor := range []int{watch.Listener, watch.News, watch.Lifeline} {
		syscall.CloseOnExec(descriptor) // they are not meant for what the function starts
	}
	var err error
	if w.listener, err = net.FileListener(os.NewFile(watch.Listener, "listener")); err != nil {
		return nil, fmt.Errorf("cannot use the supervisor's listener: %w", err)
	}
	w.news = os.NewFile(watch.News, "news")
	go w.waitForEnd(os.NewFile(watch.Lifeline, "lifeline"))
	return w, nil
}

// waitForEnd of the lifeline: the supervisor closes it to stop this process, or has ended itself.
func (w *worker) waitForEnd(lifeline *os.File) {
	word := make([]byte, 1)
	if read, _ := lifeline.Read(word); read > 0 {
		close(w.replaced)
		_, _ = lifeline.Read(word)
	}
	w.stop()
}

func (w *worker) stop() {
	w.stopsOnce.Do(func() { close(w.stopping) })
}

func (w *worker) tell(word byte) {
	if w.news != nil {
		_, _ = w.news.Write([]byte{word})
	}
}

// askForSuccessor: this process has calls that it cannot end.
func (w *worker) askForSuccessor() {
	w.asked.Do(func() { w.tell(watch.Replace) })
}

// serve until told to stop; calls in progress finish. The exit code.
func (w *worker) serve(server *http.Server) int {
	go func() {
		if err := server.Serve(w.listener); err != http.ErrServerClosed {
			log.Fatalf("cannot accept connections: %v", err)
		}
	}()
	w.tell(watch.Ready)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	select {
	case <-w.replaced:
		time.AfterFunc(w.callTime+patience, cancel)
	case <-w.stopping:
	}
	go func() {
		<-w.stopping
		time.AfterFunc(w.shutdown, cancel)
	}()
	if server.Shutdown(ctx) != nil {
		log.Print("calls were still running when the time to finish them was over")
		return 1
	}
	return 0
}
