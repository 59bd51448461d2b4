/** The life of a run: checked, queued, claimed by a worker, followed, ended. */
@NullMarked
package dev.watershed.trainer.run;

import org.jspecify.annotations.NullMarked;
