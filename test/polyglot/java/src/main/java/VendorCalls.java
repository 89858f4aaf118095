import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.http.StreamResponse;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.RawMessageStreamEvent;
import dev.budgetarbiter.client.BudgetClient;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.springai.BudgetAdvisor;
import java.time.Duration;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.openai.OpenAiChatModel;
import org.springframework.ai.openai.OpenAiChatOptions;

/** Calls of the vendors' own SDKs, named in the arguments, {@code sdk-what-behaviour}, each on the budget of its name. */
public final class VendorCalls {
  private static final String VENDOR = System.getenv("VENDOR_URL");

  private VendorCalls() {}

  public static void main(String[] names) throws Exception {
    BudgetClient budget = BudgetClient.fromEnv();
    for (String name : names) {
      try {
        call(budget, name);
        System.out.println(name + " answer");
      } catch (RuntimeException error) {
        System.out.println(name + " " + error.getClass().getSimpleName());
      }
    }
    budget.close(Duration.ofSeconds(10));
    // The SDKs leave threads behind.
    System.exit(0);
  }

  private static void call(BudgetClient budget, String name) throws Exception {
    SlotRequest request = SlotRequest.of(name, "guardian").estimate(1_500);
    String[] parts = name.split("-", 3);
    String behaviour = parts[2];
    String kind = behaviour.equals("left") ? "ok" : behaviour;
    String url = behaviour.equals("unreached") ? "http://127.0.0.1:11" : VENDOR + "/" + kind;
    boolean isStream = parts[1].equals("stream");
    if (parts[0].equals("anthropic")) anthropic(budget, request, url, isStream);
    else springAi(advisor(budget, request), url + "/v1", isStream, behaviour.equals("left"));
  }

  private static void anthropic(BudgetClient budget, SlotRequest request, String url, boolean isStream) throws Exception {
    AnthropicClient anthropic = AnthropicOkHttpClient.builder().apiKey("k").baseUrl(url).maxRetries(0).build();
    MessageCreateParams question =
        MessageCreateParams.builder().model("claude").maxTokens(100).addUserMessage("hello").build();
    budget.call(request, slot -> {
      if (!isStream) return slot.report(anthropic.messages().create(question));
      MessageAccumulator answer = MessageAccumulator.create();
      try (StreamResponse<RawMessageStreamEvent> events = anthropic.messages().createStreaming(question)) {
        events.stream().forEach(answer::accumulate);
      }
      return slot.report(answer.message());
    });
  }

  private static BudgetAdvisor advisor(BudgetClient budget, SlotRequest request) {
    return BudgetAdvisor.builder(budget).request(request).withoutEstimate().build();
  }

  private static void springAi(BudgetAdvisor advisor, String url, boolean isStream, boolean isLeft) {
    OpenAiChatOptions options =
        OpenAiChatOptions.builder().baseUrl(url).apiKey("k").model("model-a").maxRetries(0).build();
    ChatClient chat = ChatClient.builder(OpenAiChatModel.builder().options(options).build())
        .defaultAdvisors(advisor)
        .build();
    if (!isStream) chat.prompt("hello").call().content();
    else if (isLeft) chat.prompt("hello").stream().content().blockFirst();
    else chat.prompt("hello").stream().content().blockLast();
  }
}
