/** Requests that nobody should send, to every rpc of a server that must not mind. */
@org.jspecify.annotations.NullMarked
package dev.watershed.standalone.fuzz;
