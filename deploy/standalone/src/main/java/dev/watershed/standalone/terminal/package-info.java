/** What a person sees: tables, progress and pictures made of characters. */
@NullMarked
package dev.watershed.standalone.terminal;

import org.jspecify.annotations.NullMarked;
