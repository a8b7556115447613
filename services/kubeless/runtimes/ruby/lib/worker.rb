# frozen_string_literal: true

require 'socket'
require_relative 'frames'
require_relative 'pipeline'

module Kubeless
  # A worker process, seen from the front. It has one call at a time, so to end a stuck one hurts no other.
  class Worker
    attr_reader :pid, :started
    attr_accessor :call, :idle_since

    # `pool` hears `ready`, `answered` and `lost`. In the child, the block is run with the other end of the channel.
    def initialize(pool, reactor)
      @pool = pool
      @reactor = reactor
      @started = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @ready = false
      @released = false
      @received = String.new
      ours, theirs = UNIXSocket.pair
      @pid = fork do
        ours.close
        yield theirs
      end
      theirs.close
      @pipeline = Pipeline.new(ours)
      @reactor.watch(ours, self)
    end

    def ready?
      @ready
    end

    # Whether its end is our wish.
    def released?
      @released
    end

    def begin(call)
      @call = call
      call.worker = self
      send(Frames.call(call.request))
    end

    def on_writable
      send('')
    end

    def on_readable
      bytes = @pipeline.read
      return @reactor.unwatch(@pipeline.io) if bytes.nil? # it is ending; how, its exit status tells

      @received << bytes
      answer = Frames.take_answer(@received)
      hear(*answer) if answer
    rescue Frames::Malformed
      $stderr.write("worker #{@pid} is ended: something other than the server wrote into its channel\n")
      kill
    end

    # No more calls; the process ends as it reads the end of the channel.
    def dismiss
      @released = true
      @reactor.forget(@pipeline.io)
      @pipeline.close unless @pipeline.io.closed?
    end

    def kill
      @released = true
      Process.kill(:KILL, @pid)
    rescue Errno::ESRCH
      nil # it has ended, and is about to be reaped
    end

    # The process has ended: what it still answered counts.
    def reaped
      on_readable unless @released
      @reactor.forget(@pipeline.io)
      @pipeline.close unless @pipeline.io.closed?
    end

    def close_in_child
      @pipeline.close unless @pipeline.io.closed?
    end

    private

    def send(bytes)
      @pipeline.write(bytes)
      @reactor.want_room(@pipeline.io, self) if @pipeline.pending?
    end

    def hear(status, headers, body)
      if status.zero?
        @ready = true
        @pool.ready(self)
      elsif @call
        call = @call
        @call = nil
        @pool.answered(self, call, status, headers, body)
      end
    end
  end
end
