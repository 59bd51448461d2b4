/** The process that holds the three services: its data directory, its start and its end. */
@NullMarked
package dev.watershed.standalone.process;

import org.jspecify.annotations.NullMarked;
