/* The knowledge base and the sample transactions, as tables. */
#include "apps/budget/knowledge.h"

#include <string.h>

#include "nlp/nlp.h"

const char *const checkin_categories[] = {"Food",  "Transport",  "Entertainment", "Shopping",
                                          "Bills", "Healthcare", "Other",         NULL};

static const struct knowledge entries[] = {
    {"Food",
     "Ready-made meals and deliveries tend to stand in for time or energy that was missing. Making "
     "one or two of them easier to cook at home changes more than a ban would.",
     "Choose one evening this week for a meal that you like and that takes little effort.",
     "Keep one simple meal in the house for the evenings that run late.",
     "When you last paid for a meal without having planned to, what was going on?",
     {"I was worn out", "I wanted to treat myself", "I was with other people",
      "I don't quite know"}},
    {"Transport",
     "Travel is mostly decided by where life happens. The part that can move is usually the short "
     "trip booked in a hurry.",
     "Look for one regular trip that a pass, a shared ride or a walk could replace.",
     "Before the next trip, check the evening before how you could get there.",
     "What made you choose the way you travelled most often lately?",
     {"There was no other way", "I was short of time", "It was more comfortable",
      "I didn't think about it"}},
    {"Entertainment",
     "Paying for a break often means that rest is overdue. The rest matters more than what it cost.",
     "Plan one free hour that is only for you, before the week fills up.",
     "Pick one thing you truly look forward to, and let one that you would not miss go.",
     "What were you looking for when you last paid for a bit of fun?",
     {"A break from stress", "Something exciting", "Simple enjoyment", "I'm not sure"}},
    {"Shopping",
     "A purchase can lift a hard day for a moment. A night between wanting and buying tells the "
     "lasting wishes from the passing ones.",
     "Put the next thing that is not urgent on a list and look at it again tomorrow.",
     "Write down the one purchase of this month that you are glad about, and why.",
     "Think of the last thing you bought without planning to. How did it feel?",
     {"It cheered me up", "I regretted it a little", "I needed it after all", "I'm not sure"}},
    {"Bills",
     "Bills weigh on the mind because they arrive whether or not one looks. A fixed moment for "
     "them makes them smaller.",
     "Take ten minutes for the largest regular bill and ask whether its tariff still fits.",
     "Choose a fixed day of the month for bills, so that the other days are free of them.",
     "How do you feel when a bill arrives?",
     {"Calm, it's planned", "A bit nervous", "I put it off", "It depends"}},
    {"Healthcare",
     "What is spent on health is care for oneself and rarely a place to save. Spreading or "
     "planning such costs takes their edge off.",
     "Ask whether any of these costs can be claimed back or paid in parts.",
     "Put a small amount aside for health each month, so that the next cost is expected.",
     "How did the last cost for your health come about?",
     {"It was planned", "It came as a surprise", "I had put it off", "I'd rather not say"}},
    {"Other",
     "Costs that fit no heading are often the ones nobody looks at. Giving the largest of them a "
     "name is already half of the work.",
     "Take the largest of these costs and give it a heading of its own.",
     "Look at this heading once a week for a month; patterns show by themselves.",
     "Which of these costs would you choose again without a second thought?",
     {"All of them", "Some of them", "Hardly any", "I'd have to look"}},
};

const struct knowledge *
knowledge_find(const char *category)
{
    const struct knowledge *entry = entries;
    while (strcmp(entry->category, "Other") != 0 && strcmp(entry->category, category) != 0)
        entry++;
    return entry;
}

static const struct feeling feelings[] = {
    {"unsure",
     {"unsure", "not sure", "mixed", "don't know", "don't quite know", "no idea", "depends", NULL},
     "Not knowing yet is a fair answer.",
     "You need no explanation for every purchase; noticing it is what counts."},
    {"regretful",
     {"regret", "guilt", "asham", "shouldn't have", "wish i hadn't", NULL},
     "It is uncomfortable to look back at something you would rather have done differently.",
     "Regret is a sign that you know what matters to you, and that helps the next time."},
    {"stressed",
     {"stress", "anxious", "worr", "overwhelm", "pressure", "nervous", "burnt out", "put it off",
      NULL},
     "That sounds like a lot to carry.",
     "Spending under pressure is a way to cope, not a flaw; the pressure is what deserves "
     "attention."},
    {"tired",
     {"tired", "worn out", "exhaust", "long day", "no time", "short of time", "busy", NULL},
     "No wonder, when there is little energy left.",
     "Paying for ease on a hard day is understandable; rest may be what you were really after."},
    {"sad",
     {"sad", "lonely", "upset", "crying", "grief", "heartbroken", NULL},
     "Thank you for saying so; days like that are hard.",
     "Wanting comfort is human, and there is more than one way to find some."},
    {"bored",
     {"bored", "nothing to do", "habit", "routine", "didn't think", NULL},
     "That happens easily when the days look alike.",
     "A habit that you have noticed is one that you can choose."},
    {"excited",
     {"excit", "celebrat", "special", "birthday", "treat", "reward", "cheered", NULL},
     "How nice that there was something to look forward to.",
     "Money spent on what makes you glad has done its work; planned joy lasts longest."},
    {"content",
     {"enjoy", "fun", "pleasure", "happy", "friends", "with other people", "calm", "planned",
      "comfortable", NULL},
     "It is good to hear that it felt right.",
     "Spending that fits what you value is nothing to apologise for."},
    {"practical",
     {"need", "necessary", "had to", "essential", "emergency", "no other way", "surprise", NULL},
     "Some costs simply have to be met.",
     "Taking care of what is necessary is a sound choice, even where it was not planned."},
    /* From here on by the mood of the text. */
    {"content",
     {NULL},
     "It is good to hear that it felt right.",
     "Spending that fits what you value is nothing to apologise for."},
    {"uneasy",
     {NULL},
     "That does not sound easy.",
     "An uneasy feeling about money is worth listening to, without blaming yourself."},
    {"reflective",
     {NULL},
     "Thank you for taking a moment to think about it.",
     "Looking at your spending with curiosity is already a change."},
};

enum { FEELING_COUNT = sizeof(feelings) / sizeof(feelings[0]), MOODS = 3 };

const struct feeling *
feeling_find(const char *text, struct arena *arena)
{
    for (size_t i = 0; i < FEELING_COUNT - MOODS; i++)
        for (const char *const *word = feelings[i].words; *word; word++)
            if (strcasestr(text, *word))
                return &feelings[i];
    const char *mood = nlp_sentiment(text, arena).label;
    if (strcmp(mood, "positive") == 0)
        return &feelings[FEELING_COUNT - 3];
    return &feelings[FEELING_COUNT - (strcmp(mood, "negative") == 0 ? 2 : 1)];
}

static const struct transaction samples[] = {
    {"2025-11-01", "Evening delivery", {-32500000}, "Food", SAMPLE_CURRENCY},
    {"2025-11-02", "Train ticket", {-18000000}, "Transport", SAMPLE_CURRENCY},
    {"2025-11-03", "Salary", {2100000000}, "Income", SAMPLE_CURRENCY},
    {"2025-11-04", "Coffee and a roll", {-4200000}, "Food", SAMPLE_CURRENCY},
    {"2025-11-05", "Film subscription", {-9990000}, "Entertainment", SAMPLE_CURRENCY},
};

const struct list sample_transactions = {(void *)samples, sizeof(samples) / sizeof(samples[0])};
