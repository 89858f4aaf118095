package dev.budgetarbiter.client;

import java.util.Map;

/**
 * A denial as an HTTP server should answer it.
 *
 * @param status 400, 429 or 503
 * @param headers their names in lower case
 * @param body JSON
 */
public record HttpAnswer(int status, Map<String, String> headers, String body) {}
