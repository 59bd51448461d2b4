/** A caller's table as Parquet, bounded before the library decodes it. */
@NullMarked
package dev.watershed.cli.parquet;

import org.jspecify.annotations.NullMarked;
