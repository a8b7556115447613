# frozen_string_literal: true

require_relative 'metrics'
require_relative 'worker'
require_relative 'worker_process'

module Kubeless
  # The workers, and the calls that wait for one.
  #
  # One worker serves calls one after the other. When a call has to wait, more workers start; those that were needed for
  # a while only are dismissed. A call over its time is answered 408, and its worker killed.
  class Pool
    PATIENCE = 0.02 # seconds that a call waits before more workers start
    SPARE_LIFE = 30.0
    BACKOFF = 1.0

    attr_reader :metrics, :workers

    # `front` hears `ready` once, and `fatal` when the function cannot be loaded. In a child, `front.become_worker` is
    # called with the channel.
    def initialize(settings, reactor, front)
      @settings = settings
      @reactor = reactor
      @front = front
      @metrics = Metrics.new
      @workers = {}
      @idle = []
      @waiting = []
      @open = {}.compare_by_identity
      @was_ready = false
      @not_before = 0.0
    end

    def spawn
      worker = Worker.new(self, @reactor) { |channel| @front.become_worker(channel) }
      @workers[worker.pid] = worker
    end

    def idle?
      @open.empty?
    end

    def submit(call)
      @open[call] = true
      worker = @idle.pop
      worker ? worker.begin(call) : @waiting << call
    end

    # What is due at this moment.
    def tick(now)
      expire(@open.first.first) while !@open.empty? && @open.first.first.deadline <= now
      grow if !@waiting.empty? && @waiting.first.began + PATIENCE <= now && @not_before <= now
      check_loading(now)
      shrink(now)
    end

    # When `tick` is to be called at the latest.
    def next_moment(now)
      moments = [now + 1.0]
      moments << @open.first.first.deadline unless @open.empty?
      moments << [@waiting.first.began + PATIENCE, @not_before].max if starting.length < @waiting.length && !full?
      moments.min
    end

    def ready(worker)
      unless @was_ready
        @was_ready = true
        @front.ready
      end
      rest(worker)
    end

    def answered(worker, call, status, headers, body)
      settle(call, status >= 500)
      call.answer(status, headers, body)
      rest(worker)
    end

    # A process has ended.
    def reaped(pid, status)
      worker = @workers[pid]
      return unless worker

      worker.reaped
      @idle.delete(worker)
      @workers.delete(pid)
      explain(worker, status) unless worker.released?
      lose(worker.call) if worker.call && @open.key?(worker.call)
      spawn if @workers.empty? && @front.needs_workers?
    end

    # Every call in progress fails; there will be no other.
    def give_up
      @open.keys.each { |call| lose(call) }
    end

    private

    def rest(worker)
      return worker.begin(@waiting.shift) unless @waiting.empty?

      worker.idle_since = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @idle << worker
    end

    def starting
      @workers.values.reject { |worker| worker.ready? || worker.released? }
    end

    def full?
      @workers.length >= @settings.workers
    end

    def grow
      wanted = @waiting.length - starting.length
      spawn while !full? && (wanted -= 1) >= 0
    end

    def shrink(now)
      return unless @workers.length > 1 && @idle.length > 1 && now - @idle.first.idle_since > SPARE_LIFE

      @idle.shift.dismiss
    end

    def expire(call)
      @waiting.delete(call)
      settle(call, false)
      call.plain(408, "Timeout while processing the function\n")
      $stderr.write("#{@settings.function} did not answer within #{seconds(@settings.timeout)} s\n")
      return unless call.worker

      call.worker.call = nil
      end_stuck(call.worker)
    end

    def end_stuck(worker)
      @metrics.worker_replaced
      worker.kill
      worker.dismiss
      spawn if @workers.values.all?(&:released?)
    end

    def check_loading(now)
      starting.each do |worker|
        next if now < worker.started + @settings.load_timeout

        worker.kill
        unusable("function #{@settings.function} cannot be loaded: #{@settings.file} did not return from being " \
                 "loaded within #{seconds(@settings.load_timeout)} s")
      end
    end

    def explain(worker, status)
      @metrics.worker_replaced
      how = status.signaled? ? "by signal #{status.termsig}" : "with code #{status.exitstatus}"
      if worker.ready?
        $stderr.write("Function failed to execute: the function ended its process #{how}\n")
      else
        told = status.exitstatus == WorkerProcess::EXIT_LOAD_FAILED
        unusable(told ? nil : "function #{@settings.function} cannot be loaded: it ended its process #{how}")
      end
    end

    def unusable(reason)
      $stderr.write("#{reason}\n") if reason
      @not_before = Process.clock_gettime(Process::CLOCK_MONOTONIC) + BACKOFF
      @front.fatal if @workers.values.none? { |worker| worker.ready? && !worker.released? }
    end

    def lose(call)
      settle(call, true)
      call.plain(500, "Internal Server Error\n")
    end

    def settle(call, failed)
      @open.delete(call)
      now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      @metrics.record(call.request.first, now - call.began, failed)
    end

    def seconds(value)
      value == value.to_i ? value.to_i : value
    end
  end
end
