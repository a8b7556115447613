# frozen_string_literal: true

module Kubeless
  # Waits for sockets. Those who watch one hear `on_readable`, and `on_writable` if they asked for room to write.
  class Reactor
    def initialize
      @readers = {}.compare_by_identity
      @writers = {}.compare_by_identity
    end

    def watch(io, watcher)
      @readers[io] = watcher
    end

    def unwatch(io)
      @readers.delete(io)
    end

    def want_room(io, watcher)
      @writers[io] = watcher
    end

    def forget(io)
      @readers.delete(io)
      @writers.delete(io)
    end

    # One round, of at most `pause` seconds. Someone may be forgotten while others are served.
    def turn(pause)
      readable, writable = IO.select(@readers.keys, @writers.keys, nil, pause)
      (writable || []).each do |io|
        watcher = @writers.delete(io)
        watcher.on_writable if watcher
      end
      (readable || []).each do |io|
        watcher = @readers[io]
        watcher.on_readable if watcher
      end
    end
  end
end
