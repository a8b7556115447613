# frozen_string_literal: true

module Kubeless
  # The function cannot be loaded; the message says why in one line.
  class LoadFailed < StandardError; end

  # The function's file and the handler in it.
  #
  # As in the original, the file is evaluated inside a module, so that its methods do not become methods of everything.
  class Function
    # Raises LoadFailed, whose cause is the error in the file.
    def initialize(settings)
      @file = settings.file
      @label = "function #{settings.function} cannot be loaded"
      $LOAD_PATH.unshift(settings.volume)
      @module = evaluate
      @handler = find(settings.handler.to_sym)
    end

    # Call it with as many of (event, context) as it takes.
    def call(event, context)
      arity = @handler.arity
      @handler.call(*(arity < 0 ? [event, context] : [event, context].first(arity)))
    end

    private

    def evaluate
      raise LoadFailed, "#{@label}: there is no file #{@file}" unless File.file?(@file)

      space = Module.new
      space.extend(space) # its methods see each other
      space.module_eval(File.read(@file, encoding: 'UTF-8'), @file, 1)
      space.extend(space) # once more, for the modules that the file has included
    rescue LoadFailed
      raise
    rescue Exception => error # also SyntaxError, and exit while it is loaded
      raise LoadFailed, "#{@label}: #{error.class}: #{error.message.lines.first.to_s.chomp}"
    end

    def find(name)
      own = @module.instance_methods + @module.private_instance_methods + @module.singleton_methods
      return @module.method(name) if own.include?(name)

      names = @module.instance_methods(false).sort.join(', ')
      raise LoadFailed, "#{@label}: the file has no such method; its methods: #{names.empty? ? 'none' : names}"
    end
  end
end
