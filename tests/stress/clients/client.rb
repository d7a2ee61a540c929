# See README.md. ruby-grpc, with its defaults.
require 'grpc'
require 'json'

ADDRESS, RATE, REQUEST = ARGV[0], ARGV[1].to_f, [ARGV[2]].pack('H*')
THREADS = 4
SAME = ->(bytes) { bytes }

stub = GRPC::ClientStub.new(ADDRESS, :this_channel_is_insecure)
classify = lambda do |seconds|
  stub.request_response('/verdict.v1.Classifier/Classify', REQUEST, SAME, SAME, deadline: Time.now + seconds)
end
classify.call(60) # a runtime that starts on a busy machine takes seconds
puts 'ready'
$stdout.flush
outcomes = Hash.new(0)
lock = Mutex.new
stopped = false

threads = THREADS.times.map do
  Thread.new do
    until stopped
      start = Process.clock_gettime(Process::CLOCK_MONOTONIC)
      outcome = begin
        classify.call(10)
        'OK'
      rescue GRPC::BadStatus => error
        "#{error.class.name.split('::').last}: #{error.details}"
      end
      lock.synchronize { outcomes[outcome] += 1 }
      left = THREADS / RATE - (Process.clock_gettime(Process::CLOCK_MONOTONIC) - start)
      sleep(left) if left.positive?
    end
  end
end
$stdin.read
stopped = true
threads.each(&:join)
puts JSON.generate(outcomes)
