# frozen_string_literal: true

require_relative 'answer'
require_relative 'event'
require_relative 'frames'
require_relative 'function'

module Kubeless
  # What runs in a worker: load the function, then answer one call after the other.
  class WorkerProcess
    EXIT_LOAD_FAILED = 75

    # `channel` is a blocking socket to the front. When the front ends, however it does, this process ends as well.
    def initialize(settings, channel, lifeline)
      @settings = settings
      @channel = channel
      @lifeline = lifeline
    end

    # The exit code.
    def run
      Thread.new { end_with_front }
      function = Function.new(@settings)
      @context = Event.context(@settings)
      @channel.write(Frames::READY)
      while (call = Frames.read_call(@channel))
        @channel.write(Frames.answer(*answer(function, Request.new(*call))))
      end
      0
    rescue LoadFailed => error
      report(error.cause) if error.cause
      $stderr.write("#{error.message}\n")
      EXIT_LOAD_FAILED
    rescue SystemCallError, IOError
      0
    end

    private

    def end_with_front
      @lifeline.read
      exit!(0)
    end

    def answer(function, request)
      Answer.encode(function.call(Event.make(request), @context.dup))
    rescue Exception => error # also exit, which ends the call only
      report(error)
      [500, "Content-Type: text/plain; charset=utf-8\r\n", "Internal Server Error\n"]
    end

    # As the interpreter would print it, without the frames of this server.
    def report(error)
      trace = (error.backtrace || []).reject { |line| line.start_with?(__dir__) }
      first = "#{trace.first || @settings.function}: #{error.message} (#{error.class})"
      rest = trace.drop(1).map { |line| "\n\tfrom #{line}" }.join
      $stderr.write("Function failed to execute: #{first}#{rest}\n")
    end
  end
end
