package dev.watershed.standalone.fuzz;

import com.google.protobuf.DescriptorProtos.FileDescriptorProto;
import com.google.protobuf.Descriptors.DescriptorValidationException;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Channel;
import io.grpc.reflection.v1.ServerReflectionGrpc;
import io.grpc.reflection.v1.ServerReflectionRequest;
import io.grpc.reflection.v1.ServerReflectionResponse;
import io.grpc.stub.StreamObserver;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/** Every rpc that a server serves, as it tells by reflection itself. */
final class ServedMethods {
  private final BlockingQueue<ServerReflectionResponse> answers = new LinkedBlockingQueue<>();
  private final StreamObserver<ServerReflectionRequest> questions;
  private final Map<String, FileDescriptorProto> files = new HashMap<>();
  private final Map<String, FileDescriptor> linked = new HashMap<>();

  private ServedMethods(Channel channel) {
    questions =
        ServerReflectionGrpc.newStub(channel)
            .serverReflectionInfo(
                new StreamObserver<>() {
                  @Override
                  public void onNext(ServerReflectionResponse answer) {
                    answers.add(answer);
                  }

                  @Override
                  public void onError(Throwable thrown) {}

                  @Override
                  public void onCompleted() {}
                });
  }

  /** All of them, sorted by name. */
  static List<ServedMethod> of(Channel channel) throws Exception {
    var reflection = new ServedMethods(channel);
    var methods = new ArrayList<ServedMethod>();
    var services =
        reflection
            .ask(ServerReflectionRequest.newBuilder().setListServices("").build())
            .getListServicesResponse();
    for (var service : services.getServiceList()) {
      var file = reflection.fileOf(service.getName());
      for (var descriptor : file.getServices()) {
        if (descriptor.getFullName().equals(service.getName())) {
          descriptor.getMethods().forEach(method -> methods.add(new ServedMethod(method)));
        }
      }
    }
    reflection.questions.onCompleted();
    methods.sort(java.util.Comparator.comparing(ServedMethod::name));
    return methods;
  }

  private FileDescriptor fileOf(String symbol) throws Exception {
    var answer = ask(ServerReflectionRequest.newBuilder().setFileContainingSymbol(symbol).build());
    return link(receive(answer));
  }

  private FileDescriptor link(FileDescriptorProto file) throws Exception {
    var known = linked.get(file.getName());
    if (known != null) {
      return known;
    }
    var dependencies = new ArrayList<FileDescriptor>();
    for (var name : file.getDependencyList()) {
      var dependency = files.get(name);
      if (dependency == null) {
        dependency =
            receive(ask(ServerReflectionRequest.newBuilder().setFileByFilename(name).build()));
      }
      dependencies.add(link(dependency));
    }
    try {
      var descriptor = FileDescriptor.buildFrom(file, dependencies.toArray(FileDescriptor[]::new));
      linked.put(file.getName(), descriptor);
      return descriptor;
    } catch (DescriptorValidationException e) {
      throw new AssertionError("what the server says of " + file.getName() + " is broken", e);
    }
  }

  /** Keeps all files of an answer and returns the first. */
  private FileDescriptorProto receive(ServerReflectionResponse answer)
      throws InvalidProtocolBufferException {
    FileDescriptorProto first = null;
    for (var bytes : answer.getFileDescriptorResponse().getFileDescriptorProtoList()) {
      var file = FileDescriptorProto.parseFrom(bytes);
      files.put(file.getName(), file);
      first = first == null ? file : first;
    }
    if (first == null) {
      throw new AssertionError("reflection does not know: " + answer);
    }
    return first;
  }

  private ServerReflectionResponse ask(ServerReflectionRequest question)
      throws InterruptedException {
    questions.onNext(question);
    var answer = answers.poll(20, TimeUnit.SECONDS);
    if (answer == null) {
      throw new AssertionError("reflection does not answer " + question);
    }
    return answer;
  }
}
