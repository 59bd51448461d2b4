/** What a person sees: tables, progress and pictures made of characters. */
@NullMarked
package dev.watershed.cli.terminal;

import org.jspecify.annotations.NullMarked;
