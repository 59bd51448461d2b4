/** The commands; each is a client of the services' contracts and nothing else. */
@NullMarked
package dev.watershed.cli;

import org.jspecify.annotations.NullMarked;
