// Supervise runs a function's server and keeps it running.
//
// A goroutine that panics, a log.Fatal or an os.Exit ends the whole process of a function, and a goroutine that is stuck
// ends with its process only. So the server is a child of this small process, which owns the listening socket: while a
// server is replaced, connections wait instead of being refused.
package main

import (
	"fmt"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/kubeless/kubeless/internal/settings"
	"github.com/kubeless/kubeless/internal/watch"
)

const (
	shortLife  = 5 * time.Second // a server that ends sooner is started again with a pause
	firstPause = 50 * time.Millisecond
	lastPause  = 10 * time.Second
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: supervise SERVER")
	}
	found, err := settings.Read()
	if err != nil {
		log.Fatal(err)
	}
	listener, err := watch.Listen(found)
	if err != nil {
		log.Fatal(err)
	}
	file, err := listener.File()
	if err != nil {
		log.Fatal(err)
	}
	listener.Close() // the file is another descriptor of the same socket
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	s := &supervisor{settings: found, program: os.Args[1], listener: file, signals: signals, news: make(chan news)}
	code, err := s.run()
	if err != nil {
		log.Print(err)
	}
	os.Exit(code)
}

type supervisor struct {
	settings settings.Settings
	program  string
	listener *os.File
	signals  chan os.Signal
	news     chan news

	serving  *child // accepts calls
	starting *child // not ready yet; beside a serving one it is the successor
	leaving  *child // finishes its calls
	pause    time.Duration
	restart  <-chan time.Time
	ready    bool // some server was, once
}

// news of a child: a word it said, or its end.
type news struct {
	from  *child
	word  byte
	ended bool
	code  int
}

func (s *supervisor) run() (int, error) {
	if err := s.start(); err != nil {
		return 1, err
	}
	for {
		var overdue <-chan time.Time
		if s.starting != nil {
			overdue = s.starting.overdue.C
		}
		select {
		case <-s.signals:
			return s.stop(), nil
		case <-overdue:
			s.starting.kill()
			if !s.ready {
				return 1, s.unloadable()
			}
		case <-s.restart:
			s.restart = nil
			if err := s.start(); err != nil {
				return 1, err
			}
		case heard := <-s.news:
			if fatal := s.hear(heard); fatal {
				return max(heard.code, 1), nil
			}
		}
	}
}

func (s *supervisor) unloadable() error {
	return fmt.Errorf("Unable to load %s.go: its packages were not initialized within %v s",
		s.settings.Module, s.settings.LoadTimeout.Seconds())
}

func (s *supervisor) start() error {
	var err error
	s.starting, err = launch(s.program, s.listener, s.settings.LoadTimeout, s.news)
	return err
}

// hear reports whether the function cannot be served at all.
func (s *supervisor) hear(heard news) (fatal bool) {
	switch {
	case heard.ended:
		return s.bury(heard)
	case heard.word == watch.Ready && heard.from == s.starting:
		s.promote()
	case heard.word == watch.Replace && heard.from == s.serving && s.starting == nil && s.restart == nil:
		log.Print("calls went on long after their timeout; another server takes the place of theirs")
		if err := s.start(); err != nil {
			log.Print(err)
		}
	}
	return false
}

func (s *supervisor) promote() {
	s.starting.overdue.Stop()
	if s.leaving != nil {
		s.leaving.kill() // one at a time is left behind, so that stuck calls cannot pile up
	}
	s.leaving = s.serving
	if s.leaving != nil {
		s.leaving.retire()
	}
	s.serving, s.starting, s.ready = s.starting, nil, true
}

func (s *supervisor) bury(heard news) (fatal bool) {
	switch heard.from {
	case s.leaving:
		s.leaving = nil
		return false
	case s.starting:
		s.starting.overdue.Stop()
		s.starting = nil
		if !s.ready {
			return true
		}
		if s.serving != nil {
			return false
		}
	case s.serving:
		log.Printf("the function ended its process with code %d", heard.code)
		s.serving = nil
		if s.starting != nil {
			return false
		}
	default:
		return false
	}
	s.pause = nextPause(s.pause, time.Since(heard.from.born))
	s.restart = time.After(s.pause)
	return false
}

// nextPause before another start: none to speak of after a long life, longer and longer after short ones.
func nextPause(last, life time.Duration) time.Duration {
	if life > shortLife || last == 0 {
		return firstPause
	}
	return min(2*last, lastPause)
}

// stop lets the calls in progress finish; a second signal does not. The exit code.
func (s *supervisor) stop() int {
	s.listener.Close() // once no server has it open either, connections are refused
	code := 0
	waiting := map[*child]bool{}
	for _, one := range []*child{s.serving, s.starting, s.leaving} {
		if one != nil {
			one.release()
			waiting[one] = true
		}
	}
	late := time.After(s.settings.ShutdownTimeout + time.Second)
	for len(waiting) > 0 {
		select {
		case heard := <-s.news:
			if heard.ended && waiting[heard.from] {
				delete(waiting, heard.from)
				if heard.from == s.serving {
					code = heard.code
				}
			}
		case <-late:
			return 1
		}
	}
	return code
}
