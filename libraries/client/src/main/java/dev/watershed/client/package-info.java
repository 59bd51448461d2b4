/**
 * What a client of our servers needs besides the generated stubs: where a server is, a channel to
 * it, names of resources, pages of lists, and following long work over broken connections. Knows
 * neither libtorch nor a service.
 */
@NullMarked
package dev.watershed.client;

import org.jspecify.annotations.NullMarked;
