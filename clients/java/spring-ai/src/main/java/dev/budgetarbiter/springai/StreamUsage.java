package dev.budgetarbiter.springai;

import java.lang.reflect.Method;
import org.springframework.ai.chat.client.ChatClientRequest;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;

/**
 * Asks for the usage at the end of a stream, where the options of the model have a setting for it that nobody has set: those of OpenAI,
 * which this module does not depend on.
 */
final class StreamUsage {
  private StreamUsage() {}

  static ChatClientRequest asked(ChatClientRequest request) {
    ChatOptions options = request.prompt().getOptions();
    if (options == null || isSet(options)) return request;
    try {
      Object builder = options.getClass().getMethod("mutate").invoke(options);
      Method streamUsage = builder.getClass().getMethod("streamUsage", boolean.class);
      streamUsage.setAccessible(true);
      streamUsage.invoke(builder, true);
      Method build = builder.getClass().getMethod("build");
      build.setAccessible(true);
      ChatOptions asking = (ChatOptions) build.invoke(builder);
      return request.mutate().prompt(new Prompt(request.prompt().getInstructions(), asking)).build();
    } catch (ReflectiveOperationException | RuntimeException withoutSuchASetting) {
      return request;
    }
  }

  private static boolean isSet(ChatOptions options) {
    try {
      return options.getClass().getMethod("getStreamOptions").invoke(options) != null;
    } catch (ReflectiveOperationException withoutSuchASetting) {
      return true;
    }
  }
}
