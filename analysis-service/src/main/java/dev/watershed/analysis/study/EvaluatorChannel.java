package dev.watershed.analysis.study;

import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.micronaut.context.annotation.Bean;
import io.micronaut.context.annotation.Factory;
import jakarta.inject.Named;
import jakarta.inject.Singleton;
import java.util.concurrent.TimeUnit;

/** The way to the evaluators; connects when it is first used. */
@Factory
final class EvaluatorChannel {
  private static final String IN_PROCESS = "inprocess:";

  @Bean(preDestroy = "shutdownNow")
  @Singleton
  @Named("evaluator")
  ManagedChannel evaluator(EvaluatorConfiguration configuration) {
    var address = configuration.address();
    return address.startsWith(IN_PROCESS)
        ? InProcessChannelBuilder.forName(address.substring(IN_PROCESS.length())).build()
        : ManagedChannelBuilder.forTarget(address)
            .defaultLoadBalancingPolicy("round_robin")
            .usePlaintext()
            // A connection that died without a word is noticed, and its calls made again.
            .keepAliveTime(configuration.keepAlive().toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(configuration.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .build();
  }
}
