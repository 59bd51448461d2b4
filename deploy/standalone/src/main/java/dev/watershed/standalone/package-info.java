/** The three services in one process, and the command line that speaks to them. */
@NullMarked
package dev.watershed.standalone;

import org.jspecify.annotations.NullMarked;
