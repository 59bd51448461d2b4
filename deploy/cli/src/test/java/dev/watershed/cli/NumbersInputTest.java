package dev.watershed.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.analysis.v1.AnalyzeCurveRequest;
import dev.watershed.analysis.v1.Curve;
import dev.watershed.analysis.v1.LossRow;
import java.io.ByteArrayInputStream;
import org.junit.jupiter.api.Test;

final class NumbersInputTest {
  private static final Curve CURVE =
      Curve.newBuilder()
          .addAlphas(0)
          .addAlphas(0.5)
          .addAlphas(1)
          .addLossesNats(0.4)
          .addLossesNats(0.7)
          .addLossesNats(0.5)
          .build();

  @Test
  void curve_jsonInEitherSpelling_isRead() {
    assertThat(NumbersInput.curve("{\"alphas\":[0,0.5,1],\"losses_nats\":[0.4,0.7,0.5]}"))
        .isEqualTo(CURVE);
    assertThat(NumbersInput.curve("{\"alphas\":[0,0.5,1],\"lossesNats\":[0.4,0.7,0.5]}"))
        .isEqualTo(CURVE);
  }

  @Test
  void curve_csvWithAndWithoutHeader_isRead() {
    assertThat(NumbersInput.curve("0,0.4\n0.5,0.7\n1,0.5")).isEqualTo(CURVE);
    assertThat(NumbersInput.curve("accuracy,Loss,alpha\r\n.9,0.4,0\r\n.8,0.7,0.5\r\n.9,0.5,1\r\n"))
        .isEqualTo(CURVE);
  }

  @Test
  void read_byteOrderMark_isSkipped() {
    var bytes = "\uFEFFalpha,loss\r\n0,0.4\r\n0.5,0.7\r\n1,0.5\r\n".getBytes(UTF_8);
    assertThat(NumbersInput.curve(NumbersInput.read(new ByteArrayInputStream(bytes))))
        .isEqualTo(CURVE);
    var json = "\uFEFF{\"alphas\":[0,0.5,1],\"lossesNats\":[0.4,0.7,0.5]}".getBytes(UTF_8);
    assertThat(NumbersInput.curve(NumbersInput.read(new ByteArrayInputStream(json))))
        .isEqualTo(CURVE);
  }

  @Test
  void curve_badInput_isRefusedByPlace() {
    assertThatThrownBy(() -> NumbersInput.curve("{\"alpha\":[0]}")).hasMessageContaining("Curve");
    assertThatThrownBy(() -> NumbersInput.curve("x,y\n0,1")).hasMessageContaining("lack 'alpha'");
    assertThatThrownBy(() -> NumbersInput.curve("0,1\n1,two"))
        .hasMessageContaining("line 2, column 2: 'two'");
    assertThatThrownBy(() -> NumbersInput.curve("0,1\n1")).hasMessageContaining("too few columns");
  }

  @Test
  void distances_threeForms_areTheSame() {
    var fromArray = NumbersInput.distances("[[0, 1], [1, 0]]").build();
    assertThat(fromArray.getDistances(0).getValuesList()).containsExactly(0.0, 1.0);
    assertThat(NumbersInput.distances("0,1\n1,0").build()).isEqualTo(fromArray);
    assertThat(NumbersInput.distances("a,b\n0,1\n1,0").build()).isEqualTo(fromArray);
    assertThat(
            NumbersInput.distances("{\"distances\":[{\"values\":[0,1]},{\"values\":[1,0]}]}")
                .build())
        .isEqualTo(fromArray);
  }

  @Test
  void distances_badInput_isRefused() {
    assertThatThrownBy(() -> NumbersInput.distances("[[0, \"x\"]]"))
        .hasMessageContaining("not a number");
    assertThatThrownBy(() -> NumbersInput.distances("[[0, "))
        .hasMessage("standard input cannot be read: it is not JSON at line 1, column 6");
    assertThatThrownBy(() -> NumbersInput.curve("{\"alphas\": [0, 1\n"))
        .hasMessageStartingWith("standard input cannot be read: it is not JSON at line ");
    assertThatThrownBy(() -> NumbersInput.distances("0,1\n\"1,0"))
        .hasMessage("standard input is not CSV: a quotation mark opens a cell and none closes it");
  }

  private static final AnalyzeCurveRequest EXAMPLES =
      AnalyzeCurveRequest.newBuilder()
          .setCurve(Curve.newBuilder().addAlphas(0).addAlphas(1))
          .addExampleLosses(LossRow.newBuilder().addLossesNats(.5f).addLossesNats(.25f))
          .addExampleLosses(LossRow.newBuilder().addLossesNats(1).addLossesNats(2))
          .build();

  @Test
  void exampleLosses_inAnyShape_areTheSame() {
    assertThat(
            ExampleLossesInput.read(
                    "{\"curve\":{\"alphas\":[0,1]},\"example_losses\":"
                        + "[{\"losses_nats\":[0.5,0.25]},{\"losses_nats\":[1,2]}]}")
                .build())
        .isEqualTo(EXAMPLES);
    assertThat(
            ExampleLossesInput.read("alpha,example,loss\n0,a,0.5\n1,a,1\n0,b,0.25\n1,b,2\n")
                .build())
        .isEqualTo(EXAMPLES);
    assertThat(
            ExampleLossesInput.read(
                    """
                    {"header":{}}
                    {"point":{"alpha":0.0}}
                    {"exampleLosses":{"firstExample":0,"lossesNats":[0.5]}}
                    {"exampleLosses":{"firstExample":1,"lossesNats":[0.25]}}
                    {"point":{"alpha":1.0}}
                    {"exampleLosses":{"firstExample":0,"lossesNats":[1,2]}}""")
                .build())
        .isEqualTo(EXAMPLES);
    assertThat(ExampleLossesInput.read("0,0.4\n0.5,0.7\n1,0.5").build())
        .isEqualTo(AnalyzeCurveRequest.newBuilder().setCurve(CURVE).build());
  }

  @Test
  void exampleLosses_thatDoNotFit_areRefusedInASentence() {
    assertThatThrownBy(() -> ExampleLossesInput.read("alpha,example,loss\n0,a,0.5\n1,b,1\n"))
        .hasMessageContaining("the examples at alpha 1.0");
    assertThatThrownBy(() -> ExampleLossesInput.read("alpha,example\n0,a\n"))
        .hasMessageContaining("lack 'loss_nats'");
    assertThatThrownBy(() -> ExampleLossesInput.read("{\"header\":{}}\n{\"point\":{\"alpha\":0}}"))
        .hasMessageContaining("--example-losses");
    assertThatThrownBy(
            () ->
                ExampleLossesInput.read(
                    "{\"header\":{}}\n{\"point\":{\"alpha\":0,\"sampleIndex\":1}}"))
        .hasMessageContaining("one sample");
    assertThatThrownBy(
            () ->
                ExampleLossesInput.read(
                    "{\"header\":{}}\n{\"point\":{}}\n{\"exampleLosses\":{\"firstExample\":3}}"))
        .hasMessageContaining("the whole output");
  }
}
