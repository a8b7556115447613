# frozen_string_literal: true

module Kubeless
  # One call of the function: where its answer goes, and until when. Exactly one answer is sent.
  class Call
    attr_reader :request, :began, :deadline
    attr_accessor :worker

    def initialize(connection, request, timeout)
      @connection = connection
      @request = request
      @began = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @deadline = @began + timeout
    end

    def answer(status, headers, body)
      @connection.respond(status, headers, body)
    end

    def plain(status, text)
      @connection.plain(status, text)
    end
  end
end
