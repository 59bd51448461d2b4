package dev.watershed.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.watershed.type.v1.EvaluationSample;
import dev.watershed.type.v1.FileFormat;
import dev.watershed.type.v1.LogitReduction;
import dev.watershed.type.v1.Score;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class DataArgumentTest {
  private final CannedTasks known = new CannedTasks();
  private Path directory;
  private Server server;
  private ManagedChannel channel;
  private TaskCatalogue tasks;

  @BeforeEach
  void serve(@TempDir Path temporary) throws Exception {
    directory = temporary;
    String name = InProcessServerBuilder.generateName();
    server = InProcessServerBuilder.forName(name).addService(known).build().start();
    channel = InProcessChannelBuilder.forName(name).build();
    tasks = new TaskCatalogue(() -> channel);
  }

  @AfterEach
  void stop() throws Exception {
    channel.shutdownNow();
    server.shutdownNow().awaitTermination();
  }

  private DataArgument parse(String text) {
    return DataArgument.parse(text, directory, tasks);
  }

  @Test
  void split_builtin_hasItsName() {
    var split = parse("builtin:miniature/train,only=entailed").split();
    assertThat(split.getBuiltin()).isEqualTo("miniature/train");
    assertThat(split.getOnlyLabelsList()).containsExactly("entailed");
  }

  @Test
  void split_fileWithNumberedColumns_hasNoHeader() {
    var file =
        parse("file:/d/cola.tsv,text=3,label=1,label_names=unacceptable|acceptable")
            .split()
            .getFile();
    assertThat(file.getUri()).isEqualTo("/d/cola.tsv");
    assertThat(file.getFormat()).isEqualTo(FileFormat.FILE_FORMAT_TSV);
    assertThat(file.getTextColumn()).isEqualTo("3");
    assertThat(file.getLabelColumn()).isEqualTo("1");
    assertThat(file.getLabelNamesList()).containsExactly("unacceptable", "acceptable");
    assertThat(file.getHasHeader()).isFalse();
  }

  @Test
  void split_fileWithNamedColumns_hasAHeader() {
    var file =
        parse("file:/d/x.txt,format=csv,text=sentence1,pair=sentence2,label=gold")
            .split()
            .getFile();
    assertThat(file.getFormat()).isEqualTo(FileFormat.FILE_FORMAT_CSV);
    assertThat(file.getTextPairColumn()).isEqualTo("sentence2");
    assertThat(file.getHasHeader()).isTrue();
  }

  @Test
  void split_compressedFile_hasTheFormatOfWhatIsInside() {
    assertThat(parse("file:/d/x.jsonl.gz").split().getFile().getFormat())
        .isEqualTo(FileFormat.FILE_FORMAT_JSON_LINES);
  }

  @Test
  void split_relativePathThatExistsHere_isSentAbsolute() throws Exception {
    Files.writeString(directory.resolve("here.jsonl"), "");
    assertThat(parse("file:here.jsonl").split().getFile().getUri())
        .isEqualTo(directory.resolve("here.jsonl").toString());
    assertThat(parse("file:there.jsonl").split().getFile().getUri()).isEqualTo("there.jsonl");
  }

  @Test
  void sample_positiveLabelAndSumOfLogits_areSaid() {
    EvaluationSample sample = parse("task:hans,mapping=sum-logits,positive=entailment").sample();
    assertThat(sample.getPositiveLabel()).isEqualTo("entailment");
    assertThat(sample.getLabelMapping().getReduction())
        .isEqualTo(LogitReduction.LOGIT_REDUCTION_SUM_LOGITS);
  }

  @Test
  void split_commaInAName_isToldHowToWriteIt() {
    assertThatThrownBy(() -> parse("file:/d/v1,final.tsv,text=0,label=1"))
        .hasMessageContaining("is written \\,");
    assertThat(parse("file:/d/v1\\,final.tsv,text=0,label=1").split().getFile().getUri())
        .isEqualTo("/d/v1,final.tsv");
  }

  @Test
  void split_escapedSeparators_belongToTheValue() {
    var file =
        parse("file:/d/a\\,b.tsv,text=my\\=column,label=x,label_names=a\\|b|c").split().getFile();
    assertThat(file.getUri()).isEqualTo("/d/a,b.tsv");
    assertThat(file.getTextColumn()).isEqualTo("my=column");
    assertThat(file.getLabelNamesList()).containsExactly("a|b", "c");
  }

  @Test
  void sample_everyOption_arrives() {
    var sample =
        parse(
                "file:/d/hans.tsv,text=a,pair=b,label=c,name=hans,size=100,skip=20,seed=7,max_tokens=64,"
                    + "map=entailment:entailment|non-entailment:neutral+contradiction,reduction=max")
            .sample();
    assertThat(sample.getName()).isEqualTo("hans");
    assertThat(sample.getSize()).isEqualTo(100);
    assertThat(sample.getSkip()).isEqualTo(20);
    assertThat(sample.getSeed()).isEqualTo(7);
    assertThat(sample.getMaxTokens()).isEqualTo(64);
    assertThat(sample.getLabelMapping().getReduction())
        .isEqualTo(LogitReduction.LOGIT_REDUCTION_MAX);
    assertThat(sample.getLabelMapping().getEntries(1).getDataLabel()).isEqualTo("non-entailment");
    assertThat(sample.getLabelMapping().getEntries(1).getModelLabelsList())
        .containsExactly("neutral", "contradiction");
  }

  @Test
  void sample_withoutName_isNamedAfterItsSource() {
    assertThat(parse("builtin:miniature/validation").sample().getName()).isEqualTo("validation");
    assertThat(parse("file:/d/in_domain_dev.tsv,text=3").sample().getName())
        .isEqualTo("in_domain_dev");
  }

  @Test
  void diagnostic_scoreAndGroup_arrive() {
    assertThat(parse("builtin:miniature/probe-verb,along=true").diagnostic().getAlongCurves())
        .isTrue();
    var diagnostic = parse("builtin:miniature/probe-verb,score=mcc,group=strategy").diagnostic();
    assertThat(diagnostic.getAlongCurves()).isFalse();
    assertThat(diagnostic.getScore()).isEqualTo(Score.SCORE_MATTHEWS_CORRELATION);
    assertThat(diagnostic.getGroup()).isEqualTo("strategy");
    assertThat(diagnostic.getSample().getSize()).isZero();
  }

  @Test
  void split_task_hasItsNameAndPath() throws Exception {
    var split = parse("task:mnli/train").split();
    assertThat(split.getTask().getName()).isEqualTo("mnli/train");
    assertThat(split.getTask().getUri()).isEmpty();
    Files.createDirectories(directory.resolve("glue/MNLI"));
    assertThat(parse("task:mnli/train=glue/MNLI").split().getTask().getUri())
        .isEqualTo(directory.resolve("glue/MNLI").toString());
    assertThat(parse("task:mnli/train=there/a=b.tsv").split().getTask().getUri())
        .isEqualTo("there/a=b.tsv");
  }

  @Test
  void split_parquetFile_isKnownByItsExtension() {
    assertThat(parse("file:/d/x.parquet,text=a").split().getFile().getFormat())
        .isEqualTo(FileFormat.FILE_FORMAT_PARQUET);
  }

  @Test
  void split_filtersAndSubset_arrive() {
    var split =
        parse(
                "task:hans,filter=heuristic:subsequence|constituent,filter=sub\\:case:a\\|b|c:d,"
                    + "subset=0..0.8,subset-seed=42")
            .split();
    assertThat(split.getFiltersCount()).isEqualTo(2);
    assertThat(split.getFilters(0).getColumn()).isEqualTo("heuristic");
    assertThat(split.getFilters(0).getValuesList()).containsExactly("subsequence", "constituent");
    assertThat(split.getFilters(1).getColumn()).isEqualTo("sub:case");
    assertThat(split.getFilters(1).getValuesList()).containsExactly("a|b", "c:d");
    assertThat(split.getSubset().getSeed()).isEqualTo(42);
    assertThat(split.getSubset().getFromFraction()).isZero();
    assertThat(split.getSubset().getToFraction()).isEqualTo(.8);
    assertThat(parse("builtin:x,subset=.5..1,subset_seed=-1").split().getSubset().getSeed())
        .isEqualTo(-1);
  }

  @ParameterizedTest
  @CsvSource({"max, LOGIT_REDUCTION_MAX", "sum, LOGIT_REDUCTION_SUM"})
  void sample_mappingOfHans_isWrittenOut(String word, LogitReduction reduction) {
    var sample = parse("task:hans/lexical-overlap/non-entailment,mapping=" + word).sample();
    assertThat(sample.getName()).isEqualTo("hans/lexical-overlap/non-entailment");
    var mapping = sample.getLabelMapping();
    assertThat(mapping.getReduction()).isEqualTo(reduction);
    assertThat(mapping.getEntries(0).getDataLabel()).isEqualTo("entailment");
    assertThat(mapping.getEntries(0).getModelLabelsList()).containsExactly("entailment");
    assertThat(mapping.getEntries(1).getDataLabel()).isEqualTo("non-entailment");
    assertThat(mapping.getEntries(1).getModelLabelsList())
        .containsExactly("neutral", "contradiction");
  }

  @Test
  void diagnostic_ofATask_hasItsScore() {
    assertThat(parse("task:cola/out-of-domain-dev").diagnostic().getScore())
        .isEqualTo(Score.SCORE_MATTHEWS_CORRELATION);
    assertThat(parse("task:paws-qqp/dev-and-test").diagnostic().getScore())
        .isEqualTo(Score.SCORE_F1);
    assertThat(parse("task:hans,mapping=max").diagnostic().getScore())
        .isEqualTo(Score.SCORE_ACCURACY);
    assertThat(parse("task:qqp/validation,score=loss").diagnostic().getScore())
        .isEqualTo(Score.SCORE_MEAN_LOSS);
    assertThat(known.asked).as("calls, of which one catalogue needs one").hasValue(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "miniature/train; begins with builtin:, task: or file:",
        "task:mnli/train=; task:mnli/train= needs a path",
        "task:mnli/train,text=a; a task's columns are known, it takes no 'text'",
        "task:mnli,mapping=max; there is no task 'mnli'",
        "task:mnli/train,mapping=max; mapping= is for tasks with labels other than",
        "task:hans,mapping=mean; is not max, sum (of probabilities) or sum-logits",
        "task:hans,mapping=max,reduction=max; give either",
        "task:hans,filter=heuristic; wants column:value|value",
        "builtin:x,filter=a:b; a built-in split takes no 'filter'",
        "builtin:x,subset=0..0.5; needs subset-seed=N",
        "builtin:x,subset-seed=5; wants the part as from..to",
        "builtin:x,subset=0.5..0.2,subset-seed=5; 0 <= from < to <= 1",
        "builtin:x,subset=a..b,subset-seed=5; wants the part as from..to",
        "builtin:x,subset=0..1.2.3,subset-seed=5; two numbers from 0 to 1",
        "builtin:x,text=a; a built-in split takes no 'text'",
        "builtin:x,colour=red; 'colour' is not known here",
        "builtin:x,size=5; needs seed=N",
        "builtin:x,seed=5; say how many with size=N",
        "builtin:x,skip=5; say how many to take then with size=N",
        "builtin:x,size=5,seed=1,first=true; give one of them",
        "builtin:x,size=-5,seed=1; not between 0 and",
        "builtin:x,size=many,seed=1; wants a whole number",
        "builtin:x,size=5,first=yes; true or false",
        "builtin:x,size=1,size=2; given twice",
        "builtin:x,size; not key=value",
        "builtin:x,reduction=max; belongs to map=",
        "builtin:x,map=a; data:model+model",
        "file:/d/x.arrow,text=a; format 'arrow' is not known",
        "file:,text=a; needs a path",
      })
  void sample_badArgument_isRefusedByName(String text, String message) {
    assertThatThrownBy(() -> parse(text).sample())
        .isInstanceOf(CommandException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(text);
  }

  @Test
  void sample_uploadedFile_isAskedForAsSuchAndCalledAfterItsName() {
    EvaluationSample sample =
        DataArgument.parse("file:upload:glue/dev.tsv,text=s,label=l", Path.of("/"), tasks).sample();
    assertThat(sample.getName()).isEqualTo("dev");
    assertThat(sample.getSplit().getFile().getUri()).isEqualTo("upload:glue/dev.tsv");
    assertThat(
            DataArgument.parse("task:mnli/train=upload:MNLI/train.tsv", Path.of("/"), tasks)
                .split()
                .getTask()
                .getUri())
        .isEqualTo("upload:MNLI/train.tsv");
  }
}
