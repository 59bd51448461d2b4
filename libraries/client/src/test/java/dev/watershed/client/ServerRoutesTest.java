package dev.watershed.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.analysis.v1.StudyServiceGrpc;
import dev.watershed.eval.v1.EvaluationServiceGrpc;
import dev.watershed.server.v1.ServerServiceGrpc;
import dev.watershed.trainer.v1.CheckpointServiceGrpc;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.HandlerRegistry;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerMethodDefinition;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ServerRoutesTest {
  @Test
  void parse_oneOrEach_isReadAndMayBePartial() {
    assertThat(ServerRoutes.parse("host:7878", "--address").addresses())
        .isEqualTo(Map.of("", new ServerAddress("host", 7878)));
    assertThat(ServerRoutes.parse("trainer=a:1, analysis=[::1]:2", "--address").addresses())
        .isEqualTo(
            Map.of("trainer", new ServerAddress("a", 1), "analysis", new ServerAddress("::1", 2)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "trainer=",
        "trainer=a:1,",
        "evaluator=a:1",
        "=a:1",
        "eval=a:1,eval=b:2",
        "eval=a"
      })
  void parse_anythingElse_isRefused(String text) {
    assertThatThrownBy(() -> ServerRoutes.parse(text, "--address"))
        .isInstanceOf(ClientException.class)
        .hasMessageContaining("--address");
  }

  /** Calls a method of a server that knows none, and returns what its status says. */
  private static Status call(ManagedChannel channel, MethodDescriptor<?, ?> method)
      throws Exception {
    var ended = new CompletableFuture<Status>();
    ClientCall<?, ?> call = channel.newCall(method, CallOptions.DEFAULT);
    start(call, ended);
    call.request(1);
    call.halfClose();
    return ended.get(30, TimeUnit.SECONDS);
  }

  private static <A> void start(ClientCall<?, A> call, CompletableFuture<Status> ended) {
    call.start(
        new ClientCall.Listener<A>() {
          @Override
          public void onClose(Status status, Metadata trailers) {
            ended.complete(status);
          }
        },
        new Metadata());
  }

  @Test
  void open_eachService_isCalledWhereItIs() throws Exception {
    var routes = ServerRoutes.parse("trainer=t:1,eval=e:2", "--address");
    var asked = new ArrayList<String>();
    List<Server> servers = new ArrayList<>();
    ManagedChannel channel =
        routes.open(
            address -> {
              String name = InProcessServerBuilder.generateName();
              try {
                servers.add(
                    InProcessServerBuilder.forName(name)
                        .fallbackHandlerRegistry(
                            new HandlerRegistry() {
                              @Override
                              public @Nullable ServerMethodDefinition<?, ?> lookupMethod(
                                  String method, @Nullable String authority) {
                                asked.add(address.host() + " " + method);
                                return null;
                              }
                            })
                        .build()
                        .start());
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
              return InProcessChannelBuilder.forName(name).build();
            });

    for (var method :
        List.of(
            CheckpointServiceGrpc.getListCheckpointsMethod(),
            EvaluationServiceGrpc.getGetStatisticsMethod(),
            ServerServiceGrpc.getGetServerInfoMethod())) {
      assertThat(call(channel, method).getCode()).isEqualTo(Status.Code.UNIMPLEMENTED);
    }
    Status nowhere = call(channel, StudyServiceGrpc.getListStudiesMethod());

    assertThat(asked)
        .containsExactly(
            "t watershed.trainer.v1.CheckpointService/ListCheckpoints",
            "e watershed.eval.v1.EvaluationService/GetStatistics",
            "t watershed.server.v1.ServerService/GetServerInfo");
    assertThat(nowhere.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(nowhere.getDescription()).contains("analysis");
    channel.shutdownNow();
    assertThat(channel.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(channel.isTerminated()).isTrue();
    for (Server server : servers) {
      server.shutdownNow().awaitTermination(30, TimeUnit.SECONDS);
    }
  }
}
