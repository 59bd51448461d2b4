package dev.watershed.analysis.fleet;

import dev.watershed.eval.v1.EvaluationServiceGrpc.EvaluationServiceBlockingStub;

/** How pairs are measured by an evaluator. */
public interface PairWork {
  /** What a pair is called in messages. */
  String subject(ModelPair pair);

  /** What one of the models takes in an evaluator's memory, in bytes; 0 where that is not known. */
  long modelBytes();

  /**
   * Measures a pair, or what is missing of it. Called again, perhaps of another evaluator, where a
   * call fails in passing.
   *
   * @throws UnsuitableEvaluatorException where another evaluator has to do it; nothing of what this
   *     one said was kept
   */
  void measure(ModelPair pair, Calls calls) throws InterruptedException;

  /**
   * Told of each evaluator that gets no more of this work while others do it.
   *
   * @param why for people, with the evaluator
   */
  void leftOut(String why);

  /** Calls of the evaluator that a pair went to. */
  interface Calls {
    /** Where the evaluator is, for people. */
    String place();

    /** For the next call, with a deadline. */
    EvaluationServiceBlockingStub evaluator();

    /** To be told whenever a call has brought something. */
    void progressed();
  }
}
