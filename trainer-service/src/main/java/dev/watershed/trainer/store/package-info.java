/** What outlives a process: the runs and their queue, in one database. */
@NullMarked
package dev.watershed.trainer.store;

import org.jspecify.annotations.NullMarked;
