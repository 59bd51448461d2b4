package dev.watershed.eval.engine;

import dev.watershed.classifier.data.LabelMapping;
import dev.watershed.classifier.data.LabelRule;
import dev.watershed.classifier.data.SampleSpec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A sample as a call asks for it.
 *
 * @param labels what the data's labels mean to the models; null where they have the same names
 * @param positiveLabel what F1 is of; empty for the models' second label
 */
public record AskedSample(SampleSpec spec, @Nullable LabelRule labels, String positiveLabel) {
  LabelMapping mapping(List<String> dataLabels, List<String> modelLabels) {
    List<String> kept = spec.split().onlyLabels();
    LabelMapping mapping =
        labels == null
            ? LabelMapping.byName(dataLabels, kept, modelLabels)
            : LabelMapping.of(labels.entries(), labels.reduction(), dataLabels, kept, modelLabels);
    return positiveLabel.isEmpty() ? mapping : mapping.withPositive(positiveLabel);
  }
}
