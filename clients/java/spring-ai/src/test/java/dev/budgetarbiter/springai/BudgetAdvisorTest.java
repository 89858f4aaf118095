package dev.budgetarbiter.springai;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.budgetarbiter.client.SlotDeniedException;
import dev.budgetarbiter.client.SlotRequest;
import dev.budgetarbiter.client.testing.FakeBudgetClient;
import dev.budgetarbiter.client.testing.FakeSlot;
import dev.budgetarbiter.v1.Rule;
import dev.budgetarbiter.v1.Unreported;
import java.net.ConnectException;
import java.net.SocketException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.metadata.ChatResponseMetadata;
import org.springframework.ai.chat.metadata.DefaultUsage;
import org.springframework.ai.chat.model.ChatModel;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.Generation;
import org.springframework.ai.chat.prompt.ChatOptions;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.openai.OpenAiChatOptions;
import reactor.core.publisher.Flux;

class BudgetAdvisorTest {
  private final FakeBudgetClient budget = new FakeBudgetClient();
  private Flux<ChatResponse> answers = Flux.just(answer("one"), answer("two", 100, 50));
  private ChatOptions defaults = ChatOptions.builder().model("asked-model").build();
  private Prompt asked;

  /** A model that answers what the test says. */
  private final ChatModel model = new ChatModel() {
    @Override
    public ChatResponse call(Prompt prompt) {
      return answers.blockLast();
    }

    @Override
    public Flux<ChatResponse> stream(Prompt prompt) {
      asked = prompt;
      return answers;
    }

    @Override
    public ChatOptions getOptions() {
      return defaults;
    }
  };

  private static ChatResponse answer(String text) {
    return new ChatResponse(List.of(new Generation(new AssistantMessage(text))));
  }

  private static ChatResponse answer(String text, int input, int output) {
    var told = Map.of("input_tokens", input, "output_tokens", output, "cache_read_input_tokens", 30);
    var metadata = ChatResponseMetadata.builder().model("model-a").usage(new DefaultUsage(input, output, null, told)).build();
    return new ChatResponse(List.of(new Generation(new AssistantMessage(text))), metadata);
  }

  private ChatClient chat() {
    var advisor = BudgetAdvisor.builder(budget).request(SlotRequest.of("anthropic", "guardian")).build();
    return ChatClient.builder(model).defaultAdvisors(advisor).build();
  }

  private FakeSlot slot() {
    return budget.slots().get(0);
  }

  @Test
  void reportsWhatACallCost() {
    assertEquals("two", chat().prompt("x".repeat(400)).advisors(a -> a.param(BudgetAdvisor.AI, "writer")).call().content());
    assertEquals(180, slot().tokens());
    assertEquals("model-a", slot().usages().get(0).getModel());
    assertEquals("writer", slot().request().ai().orElseThrow());
    assertEquals(600, slot().request().estimate().orElseThrow());
    assertEquals(Unreported.UNREPORTED_FREE, slot().ended().orElseThrow());
  }

  @Test
  void reportsWhatAStreamCost() {
    assertEquals(List.of("one", "two"), chat().prompt("hello").stream().content().collectList().block());
    assertEquals(180, slot().tokens());
    assertEquals(1, budget.slots().size());
  }

  @Test
  void presumesWhatNobodySaid() {
    answers = Flux.just(answer("one"));
    chat().prompt("hello").call().content();
    assertEquals(Unreported.UNREPORTED_PRESUME, slot().ended().orElseThrow());
  }

  @Test
  void settlesAStreamThatIsLeft() {
    answers = Flux.concat(Flux.just(answer("one"), answer("two", 100, 1)), Flux.never());
    chat().prompt("hello").stream().content().take(2).collectList().block();
    assertEquals(Unreported.UNREPORTED_PRESUME, slot().ended().orElseThrow());
    assertEquals(131, slot().tokens(), "what it had said");
  }

  @Test
  void settlesAStreamThatBreaks() {
    answers = Flux.concat(Flux.just(answer("one")), Flux.error(new IllegalStateException(new SocketException("reset"))));
    var content = chat().prompt("hello").stream().content();
    assertThrows(IllegalStateException.class, content::blockLast);
    assertEquals(Unreported.UNREPORTED_PRESUME, slot().ended().orElseThrow());
    assertTrue(slot().usages().get(0).getFailed());
  }

  @Test
  void settlesACallThatNeverReachedTheModel() {
    answers = Flux.error(new IllegalStateException(new ConnectException("refused")));
    var call = chat().prompt("hello").call();
    assertThrows(IllegalStateException.class, call::content);
    assertEquals(Unreported.UNREPORTED_UNUSED, slot().ended().orElseThrow());
  }

  @Test
  void refusesAsTheBudgetDoes() {
    budget.denyNext(Rule.RULE_HOURLY_CAP, Duration.ofMinutes(10));
    budget.denyNext(Rule.RULE_HOURLY_CAP, Duration.ofMinutes(10));
    var call = chat().prompt("hello").call();
    assertThrows(SlotDeniedException.class, call::content);
    var content = chat().prompt("hello").stream().content();
    assertThrows(SlotDeniedException.class, content::blockLast);
  }

  @Test
  void asksOpenAiForTheUsageAtTheEndOfAStream() {
    defaults = OpenAiChatOptions.builder().model("gpt").build();
    chat().prompt("hello").stream().content().blockLast();
    OpenAiChatOptions options = (OpenAiChatOptions) asked.getOptions();
    assertTrue(options.getStreamOptions().includeUsage());
    assertEquals("gpt", slot().request().model().orElseThrow());
  }
}
