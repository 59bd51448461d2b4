package dev.watershed.standalone.process;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.watershed.cli.TypedCommand.Seen;
import java.nio.file.Files;
import java.util.List;
import org.assertj.core.data.Offset;

/** Cases of files of rows, whatever wrote them. */
final class DataCases {
  private DataCases() {}

  static List<Case> all() {
    return List.of(
        new Case("attention-mask", DataCases::attentionMask),
        new Case("json-messages", DataCases::notANumber),
        new Case("bom-stdin", DataCases::byteOrderMark),
        new Case("data-bombs", DataCases::nestedFooter),
        new Case("header-as-row", DataCases::headerAsRow));
  }

  private static void attentionMask(CasesUser user) throws Exception {
    user.register("attention-mask/D_nopad", "d-nopad");
    for (String file : List.of("ids_pad.jsonl", "ids_nopad.jsonl")) {
      assertThat(
              CasesUser.loss(
                  user.evaluate("d-nopad", "file:attention-mask/" + file + ",label=l,name=ids")))
          .as(file)
          .isCloseTo(.72843, Offset.offset(1e-5)); // as it was written down
    }
  }

  private static void notANumber(CasesUser user) throws Exception {
    user.register("attention-mask/D_nopad", "d-nan");
    user.evaluate("d-nan", "file:json-messages/nan.jsonl,text=t,label=l,name=nan").ends(0);
  }

  private static void byteOrderMark(CasesUser user) throws Exception {
    String curve = Files.readString(user.cases().resolve("bom-stdin/curve.csv"));
    String distances = Files.readString(user.cases().resolve("bom-stdin/distances.csv"));
    assertThat(curve).startsWith("\uFEFF");
    Seen metrics = user.runWithInput(curve, "metrics").ends(0);
    assertThat(new ObjectMapper().readTree(metrics.out()).path("barrierHeightNats").asDouble())
        .isCloseTo(.25, Offset.offset(1e-12));
    user.runWithInput(distances, "cluster").ends(0);
  }

  private static void nestedFooter(CasesUser user) throws Exception {
    user.register("attention-mask/D_nopad", "d-nest");
    user.run(
            "evaluate",
            "d-nest",
            "--average",
            "--sample",
            "file:data-bombs/thrift-nest.parquet,text=t,label=l,name=nest")
        .ends(2);
  }

  private static void headerAsRow(CasesUser user) throws Exception {
    String[] random = {
      "--random", "bert", "--tokenizer", "stale-download/vocab.txt", "--layers", "1",
      "--hidden-size", "16", "--heads", "2", "--init-seed", "1"
    };
    user.train("file:header-as-row/hd.tsv,text=0,label=1", random).ends(2).says("HEADER_AS_ROW");
    user.train("file:header-as-row/hd.tsv,text=0,label=1,header=true", random).ends(0);
  }
}
