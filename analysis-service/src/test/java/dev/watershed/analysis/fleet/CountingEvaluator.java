package dev.watershed.analysis.fleet;

import dev.watershed.eval.v1.EvaluateInterpolationRequest;
import dev.watershed.eval.v1.EvaluateInterpolationResponse;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.eval.v1.EvaluatorStatistics;
import dev.watershed.eval.v1.GetStatisticsRequest;
import dev.watershed.eval.v1.GetStatisticsResponse;
import io.grpc.Server;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** An evaluator behind a socket, of which every pair has no points. It tells what it was asked. */
final class CountingEvaluator extends EvaluationServiceGrpc.EvaluationServiceImplBase
    implements AutoCloseable {
  final Queue<String> asked = new ConcurrentLinkedQueue<>();

  /** Runs with each pair; may block or throw. */
  volatile Consumer<String> before = pair -> {};

  private final String host;
  private final EvaluatorStatistics statistics;
  private final int port;
  private Server server;

  /**
   * @param port 0 for a free one
   * @param memoryBytes that it says it has
   */
  CountingEvaluator(String host, int port, long memoryBytes) throws IOException {
    this.host = host;
    statistics =
        EvaluatorStatistics.newBuilder().setWorkerCount(1).setMemoryLimitBytes(memoryBytes).build();
    server = start(port);
    this.port = server.getPort();
  }

  private Server start(int port) throws IOException {
    return NettyServerBuilder.forAddress(new InetSocketAddress(host, port))
        .addService(this)
        .permitKeepAliveTime(8, TimeUnit.SECONDS)
        .build()
        .start();
  }

  int port() {
    return port;
  }

  String address() {
    return host + ":" + port();
  }

  /** Ends as a process that is killed: its connections are closed. */
  void kill() throws InterruptedException {
    server.shutdownNow().awaitTermination(10, TimeUnit.SECONDS);
  }

  /** Comes back at the same port. */
  void restart() throws IOException {
    server = start(port);
  }

  @Override
  public void getStatistics(
      GetStatisticsRequest request, StreamObserver<GetStatisticsResponse> observer) {
    observer.onNext(GetStatisticsResponse.newBuilder().setStatistics(statistics).build());
    observer.onCompleted();
  }

  @Override
  public void evaluateInterpolation(
      EvaluateInterpolationRequest request,
      StreamObserver<EvaluateInterpolationResponse> observer) {
    var pair = request.getModelA() + " " + request.getModelB();
    try {
      before.accept(pair);
      asked.add(pair);
      observer.onCompleted();
    } catch (RuntimeException e) {
      observer.onError(e);
    }
  }

  @Override
  public void close() throws InterruptedException {
    kill();
  }
}
